from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font

book = Workbook()
sheet = book.active
sheet.title = 'Per year'
sheet.append(['Year', 'Failures'])
for year, count in per_year.items():
    sheet.append([int(year), int(count)])
for cell in sheet[1]:
    cell.font = Font(bold=True)
last = sheet.max_row
sheet.append(['Total', f'=SUM(B2:B{last})'])

chart = BarChart()
chart.title = 'Bank failures per year'
chart.y_axis.title = 'Failures'
chart.legend = None
chart.x_axis.delete = chart.y_axis.delete = False
chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=last), titles_from_data=True)
chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=last))
chart.width, chart.height = 24, 11
sheet.add_chart(chart, 'D2')

every = book.create_sheet('Banks')
every.append(['Bank', 'City', 'State', 'Closed', 'Acquired by'])
for bank in banks.itertuples():
    every.append([bank[1], bank[2], bank[3], bank[6].date(), bank[5]])
for column, width in zip('ABCDE', (38, 20, 8, 12, 38)):
    every.column_dimensions[column].width = width
every.freeze_panes = 'A2'
book.save('/mnt/data/Bank failures.xlsx')
print(f'{last - 1} years and {len(banks)} banks in two sheets')
