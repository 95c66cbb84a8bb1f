from openpyxl import Workbook
from openpyxl.chart import PieChart, Reference

book = Workbook()
sheet = book.active
sheet.title = 'Sectors'
sheet.append(['Sector', 'Value', 'Gain'])
for sector, row in sectors.sort_values('Value', ascending=False).iterrows():
    sheet.append([sector, round(float(row['Value']), 2), round(float(row['Gain']), 2)])
for row in sheet.iter_rows(min_row=2, min_col=2, max_col=3):
    for cell in row:
        cell.number_format = '#,##0'
sheet.column_dimensions['A'].width = 16
chart = PieChart()
chart.title = 'Value by sector'
chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=sheet.max_row), titles_from_data=True)
chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=sheet.max_row))
sheet.add_chart(chart, 'E2')
book.save('/mnt/data/Portfolio by sector (Q3).xlsx')
print(f'{len(sectors)} sectors')
