from matplotlib.backends.backend_pdf import PdfPages

with PdfPages('/mnt/data/Windkraft Bericht.pdf') as pdf:
    seite, (oben, unten) = plt.subplots(2, 1, figsize=(8.27, 11.69), layout='constrained')
    seite.suptitle('Windkraftanlagen: Bericht über das Jahr', fontsize=16)
    monat.plot(ax=oben, linewidth=1.5)
    oben.set_title('Mittlere Leistung je Monat (kW)')
    oben.set_xlabel('')
    oben.grid(alpha=0.3)
    verfügbar = anlagen.groupby('Hersteller')['Verfügbarkeit (%)'].mean().sort_values()
    unten.barh(verfügbar.index, verfügbar, color='#3b7a57')
    unten.set_xlim(90, 100)
    unten.set_title('Verfügbarkeit je Hersteller (%)')
    pdf.savefig(seite)
    plt.close(seite)
print('1 Seite')
