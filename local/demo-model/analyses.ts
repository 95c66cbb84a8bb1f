/** The analyst's demo: what is asked of each table, and what is to come of it. */

export interface Turn {
  readonly question: string;
  /** The demo model's Python, in local/demo-model/analyst; real models write their own. */
  readonly code: readonly string[];
  /** What the demo model says then. */
  readonly answer: string;
}

export interface Analysis {
  /** Under which the table is uploaded. */
  readonly filename: string;
  readonly turns: readonly Turn[];
}

const link = (name: string): string => `[${name}](sandbox:/mnt/data/${encodeURIComponent(name)})`;

export const ANALYSES: readonly Analysis[] = [
  {
    filename: 'banklist.csv',
    turns: [
      {
        question: 'When and where did banks fail? Draw a chart.',
        code: ['banks-1.py'],
        answer: `The failures by year and by state; the picture is also a file: ${link('bank-failures.png')}.`,
      },
      {
        question:
          'Put the failures per year into an Excel workbook with a chart, and all banks on a second sheet.',
        code: ['banks-2.py'],
        answer: `Here is the workbook: ${link('Bank failures.xlsx')}.`,
      },
      {
        question: 'Make three slides of this for the board.',
        code: ['slides.py', 'banks-3.py'],
        answer: `Three slides: ${link('Bank failures.pptx')}.`,
      },
      {
        question: 'And a one-page PDF with the last fifteen failures.',
        code: ['banks-4.py'],
        answer: `The page: ${link('Bank failures.pdf')}.`,
      },
    ],
  },
  {
    filename: 'Windkraftanlagen Übersicht.csv',
    turns: [
      {
        question: 'Wie hängt die Leistung vom Wind ab, und welches Bundesland ist vorn? Zeichne es.',
        code: ['turbines-1.py'],
        answer: `Leistung und Wind, und die Mittel der Länder: ${link('Leistungskurve.png')}.`,
      },
      {
        question: 'Bitte die Monatsmittel je Bundesland als Excel-Datei mit Diagramm.',
        code: ['turbines-2.py'],
        answer: `Die Mappe: ${link('Übersicht je Bundesland.xlsx')}.`,
      },
      {
        question: 'Mach daraus drei Folien für den Vorstand.',
        code: ['slides.py', 'turbines-3.py'],
        answer: `Drei Folien: ${link('Windkraft für den Vorstand.pptx')}.`,
      },
      {
        question: 'Und einen Bericht als PDF.',
        code: ['turbines-4.py'],
        answer: `Der Bericht: ${link('Windkraft Bericht.pdf')}.`,
      },
    ],
  },
  {
    filename: 'Stock Portfolio (Q3).xlsx',
    turns: [
      {
        question: 'How is my portfolio doing? Draw it by sector and by position.',
        code: ['portfolio-1.py'],
        answer: `By sector and by position: ${link('portfolio.png')}.`,
      },
      {
        question: 'Give me the sectors as an Excel workbook with a pie chart.',
        code: ['portfolio-2.py'],
        answer: `The workbook: ${link('Portfolio by sector (Q3).xlsx')}.`,
      },
      {
        question: 'Two slides for my review, please.',
        code: ['slides.py', 'portfolio-3.py'],
        answer: `Two slides: ${link('Portfolio review (Q3).pptx')}.`,
      },
      {
        question: 'A PDF with risk against gain, and the table of positions.',
        code: ['portfolio-4.py'],
        answer: `The PDF: ${link('Portfolio & risk (Q3).pdf')}.`,
      },
    ],
  },
];
