from matplotlib.backends.backend_pdf import PdfPages

with PdfPages('/mnt/data/Bank failures.pdf') as pdf:
    page, (above, below) = plt.subplots(2, 1, figsize=(8.27, 11.69), height_ratios=[1, 1])
    page.suptitle('Bank failures: a report of one page', fontsize=16)
    above.plot(per_year.index, per_year.cumsum(), color='#b3362b', linewidth=2)
    above.fill_between(per_year.index, per_year.cumsum(), color='#b3362b', alpha=0.15)
    above.set_title('All failures up to the year')
    above.grid(alpha=0.3)
    below.axis('off')
    rows = [[bank[1], bank[2], bank[3], f'{bank[6]:%d %b %Y}'] for bank in banks.sort_values('Closing Date').tail(15).itertuples()]
    table = below.table(rows, colLabels=['Bank', 'City', 'State', 'Closed'], loc='center', cellLoc='left', colWidths=[0.45, 0.27, 0.1, 0.18])
    table.auto_set_font_size(False)
    table.set_fontsize(8)
    table.scale(1, 1.3)
    below.set_title('The last fifteen')
    pdf.savefig(page)
    plt.close(page)
print('1 page')
