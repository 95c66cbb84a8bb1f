top = ', '.join(f'{state} {count}' for state, count in per_state.head(5).items())
acquirers = banks['Acquiring Institution'].value_counts().head(4)
write_slides('/mnt/data/Bank failures.pptx', [
    ('Bank failures', [f'{len(banks)} banks, {per_year.index.min()} to {per_year.index.max()}',
                       f'The peak: {per_year.max()} in {per_year.idxmax()}', f'Most in: {top}'], None),
    ('Failures per year and state', [], '/mnt/data/bank-failures.png'),
    ('Who took over', [f'{name}: {count} banks' for name, count in acquirers.items()], None),
])
print('3 slides')
