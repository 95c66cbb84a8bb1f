/**
 * Tables of the analyst's demo, made up in the shapes of public ones: the list of failed banks (Windows-1252), a German
 * register of wind turbines (semicolons, decimal commas), a stock portfolio (xlsx). The same at every start.
 */
import { strToU8, zipSync } from 'fflate';

/** A generator of numbers from 0 to 1 that begins anew for each table. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const pick = <T>(items: readonly T[], random: () => number): T => items[Math.floor(random() * items.length)]!;

export const tables: Readonly<Record<string, () => Buffer>> = {
  'banklist.csv': failedBanks,
  'Windkraftanlagen Übersicht.csv': windTurbines,
  'Stock Portfolio (Q3).xlsx': stockPortfolio,
};

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const FAILURES_OF_YEAR = { 2007: 3, 2008: 12, 2009: 60, 2010: 72, 2011: 44, 2012: 25, 2013: 12, 2014: 9 };

function failedBanks(): Buffer {
  const random = numbersFrom(7);
  const kinds = [
    'First',
    'Citizens’',
    'Farmers’ & Merchants',
    'Peoples',
    'Valley',
    'Coastal',
    'Banco Señorial –',
  ];
  const places: readonly [string, string][] = [
    ['Atlanta', 'GA'],
    ['Cañon City', 'CO'],
    ['Española', 'NM'],
    ['Miami', 'FL'],
    ['Naples', 'FL'],
    ['Savannah', 'GA'],
    ['Chicago', 'IL'],
    ['La Cañada', 'CA'],
    ['Los Angeles', 'CA'],
    ['Minneapolis', 'MN'],
    ['Spokane', 'WA'],
    ['Phoenix', 'AZ'],
    ['Detroit', 'MI'],
    ['Kansas City', 'MO'],
  ];
  const buyers = ['Union Savings', 'Crédit Régional', 'Stearns Trust', 'No Acquirer', 'East Harbor Bank'];
  const rows = Object.entries(FAILURES_OF_YEAR).flatMap(([year, count]) =>
    Array.from({ length: count }, (_, number) => {
      const [city, state] = pick(places, random);
      const closed = `${1 + Math.floor(random() * 28)}-${pick(MONTHS, random)}-${year.slice(2)}`;
      const name = `${pick(kinds, random)} Bank of ${city}`;
      return [name, city, state, String(10_000 + number * 7), pick(buyers, random), closed].join(',');
    }),
  );
  return cp1252(['Bank Name,City,State,Cert,Acquiring Institution,Closing Date', ...rows, ''].join('\r\n'));
}

/** Only the characters that are used here. */
function cp1252(text: string): Buffer {
  return Buffer.from(text.replaceAll('’', '\x92').replaceAll('–', '\x96'), 'latin1');
}

function windTurbines(): Buffer {
  const random = numbersFrom(11);
  const sites: readonly [string, string, number][] = [
    ['Büsum', 'Schleswig-Holstein', 8.6],
    ['Großenbrode', 'Schleswig-Holstein', 8.1],
    ['Südermarsch', 'Niedersachsen', 7.6],
    ['Jüterbog', 'Brandenburg', 6.4],
    ['Höxter', 'Nordrhein-Westfalen', 5.9],
    ['Kötzting', 'Bayern', 5.1],
  ];
  const makers = ['Nordwerk', 'Möwe Energie', 'Sturm & Söhne'];
  const decimal = (value: number, digits: number) => value.toFixed(digits).replace('.', ',');
  const rows = sites.flatMap(([site, state, wind], place) =>
    [0, 1].flatMap((number) =>
      Array.from({ length: 52 }, (_, week) => {
        const day = new Date(Date.UTC(2025, 0, 1 + week * 7));
        const date = [day.getUTCDate(), day.getUTCMonth() + 1]
          .map((part) => String(part).padStart(2, '0'))
          .concat(String(day.getUTCFullYear()))
          .join('.');
        const season = 1 + 0.25 * Math.cos((week / 52) * 2 * Math.PI);
        const speed = Math.max(1, wind * season + (random() - 0.5) * 4);
        const share = Math.min(1, Math.max(0, (speed - 3) / 9)) ** 1.6;
        const power = 3200 * share * (0.93 + random() * 0.1);
        const available = 94 + random() * 6 - (place + number === 5 ? 2 : 0);
        const name = `WEA ${String(place * 2 + number + 1).padStart(2, '0')}`;
        const maker = makers[(place + number) % makers.length] ?? '';
        return [
          name,
          site,
          state,
          maker,
          date,
          decimal(speed, 1),
          decimal(power, 0),
          decimal(available, 1),
        ].join(';');
      }),
    ),
  );
  const head =
    'Anlage;Standort;Bundesland;Hersteller;Datum;Windgeschwindigkeit (m/s);Leistung (kW);Verfügbarkeit (%)';
  return Buffer.from([head, ...rows, ''].join('\n'));
}

const POSITIONS = [
  ['ALPN', 'Alpenglow Software', 'Technology', 120, 88.4, 131.2, 31],
  ['BREW', 'Café Ünder AG', 'Consumer', 300, 41.9, 38.05, 18],
  ['COPR', 'Copper Ridge Mining', 'Materials', 210, 23.1, 29.8, 37],
  ['DLTA', 'Delta Freight', 'Industry', 90, 64, 71.3, 22],
  ['ELEC', 'Électricité du Lac', 'Utilities', 260, 52.7, 55.15, 11],
  ['FARM', 'Green Acre Foods', 'Consumer', 180, 33.3, 35.9, 14],
  ['GENE', 'Genome Harbor', 'Health', 75, 140.5, 97.6, 44],
  ['HEAL', 'Healwell', 'Health', 130, 77.2, 84.4, 17],
  ['INSU', 'Iron Shield Insurance', 'Finance', 160, 58.8, 66.1, 16],
  ['JETS', 'Jetstream Air', 'Industry', 340, 18.4, 14.9, 39],
  ['KEYB', 'Keystone Bank', 'Finance', 220, 36.6, 41.25, 20],
  ['LUMN', 'Lumen Optics', 'Technology', 95, 112.3, 158.9, 35],
] as const;

function stockPortfolio(): Buffer {
  const head = ['Ticker', 'Company', 'Sector', 'Shares', 'Price', 'Bought at', 'Volatility (%)'];
  const rows = POSITIONS.map(([ticker, company, sector, shares, bought, price, volatility]) => [
    ...[ticker, company, sector, shares, price, bought, volatility],
  ]);
  return workbook('Q3', [head, ...rows]);
}

/** The least that is an Excel workbook: one sheet of texts and numbers. */
function workbook(sheet: string, rows: readonly (readonly (string | number)[])[]): Buffer {
  const main = 'http://schemas.openxmlformats.org';
  const xml = (text: string) => strToU8(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n${text}`);
  const cell = (value: string | number) =>
    typeof value === 'number' ? `<c><v>${value}</v></c>` : `<c t="inlineStr"><is><t>${value}</t></is></c>`;
  const data = rows.map((row) => `<row>${row.map(cell).join('')}</row>`).join('');
  const kind = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
  const link = (type: string, target: string) =>
    `<Relationships xmlns="${main}/package/2006/relationships"><Relationship Id="rId1" Type="${main}/officeDocument/2006/relationships/${type}" Target="${target}"/></Relationships>`;
  const parts = {
    '[Content_Types].xml': `<Types xmlns="${main}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${kind}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${kind}.worksheet+xml"/></Types>`,
    '_rels/.rels': link('officeDocument', 'xl/workbook.xml'),
    'xl/workbook.xml': `<workbook xmlns="${main}/spreadsheetml/2006/main" xmlns:r="${main}/officeDocument/2006/relationships"><sheets><sheet name="${sheet}" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': link('worksheet', 'worksheets/sheet1.xml'),
    'xl/worksheets/sheet1.xml': `<worksheet xmlns="${main}/spreadsheetml/2006/main"><sheetData>${data}</sheetData></worksheet>`,
  };
  const files = Object.fromEntries(Object.entries(parts).map(([name, text]) => [name, xml(text)]));
  return Buffer.from(zipSync(files));
}
