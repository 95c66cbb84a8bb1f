import pandas as pd
import matplotlib.pyplot as plt

banks = pd.read_csv('/mnt/data/banklist.csv', encoding='cp1252')
banks['Closing Date'] = pd.to_datetime(banks['Closing Date'], format='%d-%b-%y')
banks['Year'] = banks['Closing Date'].dt.year
per_year = banks.groupby('Year').size()
per_state = banks['State'].value_counts().head(10)
print(f"{len(banks)} banks failed from {per_year.index.min()} to {per_year.index.max()}; "
      f"most in {per_year.idxmax()}: {per_year.max()}.")
print(banks[['Bank Name', 'City', 'State', 'Closing Date']].head(5).to_string(index=False))

figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5), width_ratios=[3, 2])
left.bar(per_year.index, per_year, color=['#b3362b' if year == per_year.idxmax() else '#7a8ca3' for year in per_year.index])
left.set_title('Bank failures per year')
left.set_ylabel('Failures')
left.bar_label(left.containers[0], fontsize=8)
right.barh(per_state.index[::-1], per_state[::-1], color='#7a8ca3')
right.set_title('The ten states with most failures')
right.set_xlabel('Failures')
figure.tight_layout()
figure.savefig('/mnt/data/bank-failures.png')
plt.show()
