import pandas as pd
import matplotlib.pyplot as plt

stocks = pd.read_excel('/mnt/data/Stock Portfolio (Q3).xlsx')
stocks['Value'] = stocks['Shares'] * stocks['Price']
stocks['Gain'] = stocks['Shares'] * (stocks['Price'] - stocks['Bought at'])
sectors = stocks.groupby('Sector')[['Value', 'Gain']].sum().sort_values('Value')
print(f"{len(stocks)} positions worth {stocks['Value'].sum():,.0f}, a gain of {stocks['Gain'].sum():,.0f}")
print(stocks.nlargest(5, 'Value')[['Ticker', 'Company', 'Value', 'Gain']].round(0).to_string(index=False))

figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5))
left.pie(sectors['Value'], labels=sectors.index, autopct='%.0f %%', startangle=90, counterclock=False)
left.set_title('Value by sector')
gains = stocks.set_index('Ticker')['Gain'].sort_values()
right.barh(gains.index, gains, color=['#b3362b' if gain < 0 else '#3b7a57' for gain in gains])
right.set_title('Gain or loss by position')
right.axvline(0, color='black', linewidth=0.8)
figure.tight_layout()
figure.savefig('/mnt/data/portfolio.png')
plt.show()
