beste = anlagen.groupby(['Anlage', 'Standort'])['Leistung (kW)'].mean().nlargest(5)
write_slides('/mnt/data/Windkraft für den Vorstand.pptx', [
    ('Windkraft: die Übersicht', [f"{anlagen['Anlage'].nunique()} Anlagen an {anlagen['Standort'].nunique()} Standorten",
                                  f"Mittlere Verfügbarkeit {anlagen['Verfügbarkeit (%)'].mean():.1f} %".replace('.', ','),
                                  f'Stärkstes Bundesland: {land.index[-1]}'], None),
    ('Leistung und Wind', [], '/mnt/data/Leistungskurve.png'),
    ('Die fünf stärksten Anlagen', [f'{anlage} ({ort}): {kw:.0f} kW' for (anlage, ort), kw in beste.items()], None),
])
print('3 Folien')
