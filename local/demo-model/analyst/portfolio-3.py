best, worst = stocks.loc[stocks['Gain'].idxmax()], stocks.loc[stocks['Gain'].idxmin()]
write_slides('/mnt/data/Portfolio review (Q3).pptx', [
    ('Portfolio review, third quarter', [f"{len(stocks)} positions worth {stocks['Value'].sum():,.0f}",
                                         f"Best: {best['Company']} ({best['Gain']:+,.0f})",
                                         f"Worst: {worst['Company']} ({worst['Gain']:+,.0f})"], None),
    ('Where the money is', [], '/mnt/data/portfolio.png'),
])
print('2 slides')
