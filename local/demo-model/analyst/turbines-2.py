from openpyxl import Workbook
from openpyxl.chart import LineChart, Reference

monat = anlagen.set_index('Datum').groupby('Bundesland')['Leistung (kW)'].resample('MS').mean().unstack(0).round(1)
book = Workbook()
sheet = book.active
sheet.title = 'Monatsmittel'
sheet.append(['Monat', *monat.columns])
for tag, werte in monat.iterrows():
    sheet.append([f'{tag:%m.%Y}', *(float(wert) for wert in werte)])
for column in 'ABCDEF':
    sheet.column_dimensions[column].width = 20
chart = LineChart()
chart.title = 'Mittlere Leistung je Monat (kW)'
chart.x_axis.delete = chart.y_axis.delete = False
chart.add_data(Reference(sheet, min_col=2, max_col=sheet.max_column, min_row=1, max_row=sheet.max_row), titles_from_data=True)
chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=sheet.max_row))
for line in chart.series:
    line.smooth = False
chart.width, chart.height = 24, 11
sheet.add_chart(chart, f'A{sheet.max_row + 2}')
book.save('/mnt/data/Übersicht je Bundesland.xlsx')
print(f'{len(monat)} Monate, {len(monat.columns)} Bundesländer')
