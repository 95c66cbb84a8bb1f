/** What else the API's documentation asks for, as Python. Pure. */

const EQUATION = /(-?\s*\d*)\s*\*?\s*x\s*([+-]\s*\d+)?\s*=\s*(-?\s*\d+)/i;

/** "I need to solve the equation `3x + 11 = 14`." @returns undefined without such an equation */
export function solving(text: string): string | undefined {
  const [, factor = '', term = '0', value = '0'] = EQUATION.exec(text) ?? [];
  if (!EQUATION.test(text)) return undefined;
  const bare = (part: string) => part.replaceAll(/\s/g, '');
  const a = Number(/\d/.test(factor) ? bare(factor) : `${bare(factor)}1`);
  const [b, c] = [Number(bare(term)), Number(bare(value))];
  if (a === 0) return undefined;
  return `from fractions import Fraction

# ${a} * x + ${b} = ${c}
a, b, c = ${a}, ${b}, ${c}
x = Fraction(c - b, a)
print(f'x = {x}')
`;
}

/** "Create 3 data visualizations based on the trends in this file." */
export function charting(file: string): string {
  return `import matplotlib.pyplot as plt
import pandas as pd

table = pd.read_csv(${JSON.stringify(`/mnt/data/${file}`)})
numbers = table.select_dtypes('number')
for name in list(numbers.columns)[:3]:
    plt.figure(figsize=(8, 4))
    numbers[name].plot(title=name, marker='o')
    plt.grid(True, alpha=0.3)
    plt.show()
print(f'{len(table)} rows, drawn: {", ".join(map(str, numbers.columns[:3]))}')
`;
}
