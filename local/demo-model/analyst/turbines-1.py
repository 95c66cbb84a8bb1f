import pandas as pd
import matplotlib.pyplot as plt

anlagen = pd.read_csv('/mnt/data/Windkraftanlagen Übersicht.csv', sep=';', decimal=',')
anlagen['Datum'] = pd.to_datetime(anlagen['Datum'], format='%d.%m.%Y')
land = anlagen.groupby('Bundesland')['Leistung (kW)'].mean().sort_values()
print(f"{anlagen['Anlage'].nunique()} Anlagen, {len(anlagen)} Messungen, {anlagen['Bundesland'].nunique()} Bundesländer")
print(land.round(0).to_string())

figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5))
for name, teil in anlagen.groupby('Hersteller'):
    left.scatter(teil['Windgeschwindigkeit (m/s)'], teil['Leistung (kW)'], s=8, alpha=0.5, label=name)
left.set_title('Leistung über Windgeschwindigkeit')
left.set_xlabel('Windgeschwindigkeit (m/s)')
left.set_ylabel('Leistung (kW)')
left.legend(title='Hersteller', markerscale=2)
right.barh(land.index, land, color='#3b7a57')
right.set_title('Mittlere Leistung je Bundesland')
right.set_xlabel('kW')
figure.tight_layout()
figure.savefig('/mnt/data/Leistungskurve.png')
plt.show()
