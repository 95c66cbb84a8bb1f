from matplotlib.backends.backend_pdf import PdfPages

with PdfPages('/mnt/data/Portfolio & risk (Q3).pdf') as pdf:
    page, (above, below) = plt.subplots(2, 1, figsize=(8.27, 11.69))
    page.suptitle('Portfolio, third quarter', fontsize=16)
    above.scatter(stocks['Volatility (%)'], 100 * (stocks['Price'] / stocks['Bought at'] - 1), s=stocks['Value'] / 12, alpha=0.6)
    for row in stocks.itertuples():
        above.annotate(row.Ticker, (row[7], 100 * (row.Price / row[6] - 1)), fontsize=8, ha='center', va='center')
    above.set_xlabel('Volatility (%)')
    above.set_ylabel('Gain (%)')
    above.set_title('Risk and gain; areas are values')
    above.grid(alpha=0.3)
    above.margins(0.12)
    below.axis('off')
    rows = [[row.Ticker, row.Company, f'{row.Value:,.0f}', f'{row.Gain:+,.0f}'] for row in stocks.sort_values('Value', ascending=False).itertuples()]
    table = below.table(rows, colLabels=['Ticker', 'Company', 'Value', 'Gain'], loc='center', cellLoc='left', colWidths=[0.12, 0.48, 0.2, 0.2])
    table.auto_set_font_size(False)
    table.set_fontsize(8)
    table.scale(1, 1.3)
    pdf.savefig(page)
    plt.close(page)
print('1 page')
