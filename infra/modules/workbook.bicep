// The same queries twice: as a workbook to look at, and saved in the workspace to start from.
param location string
param tags object
param workspaceName string

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' existing = {
  name: workspaceName
}

var queries = [
  { name: 'runs-by-end-state', title: 'Runs by end state', chart: 'timechart', text: loadTextContent('../queries/runs-by-end-state.kql') }
  { name: 'run-times', title: 'Where the time of a run goes', chart: 'table', text: loadTextContent('../queries/run-times.kql') }
  { name: 'stuck-runs', title: 'Runs that began and did not end', chart: 'table', text: loadTextContent('../queries/stuck-runs.kql') }
  { name: 'failures', title: 'Failures by cause', chart: 'table', text: loadTextContent('../queries/failures.kql') }
  { name: 'sessions', title: 'Python sessions', chart: 'table', text: loadTextContent('../queries/sessions.kql') }
  { name: 'session-places', title: 'Places of sessions', chart: 'table', text: loadTextContent('../queries/session-places.kql') }
  { name: 'cost-drivers', title: 'What costs', chart: 'table', text: loadTextContent('../queries/cost-drivers.kql') }
]

// Asked with an id put in, so nothing for a workbook that opens by itself.
var forms = [
  { name: 'one-run', title: 'Everything about one run', text: loadTextContent('../queries/one-run.kql') }
]

@batchSize(1)
resource saved 'Microsoft.OperationalInsights/workspaces/savedSearches@2026-03-01' = [for query in concat(queries, forms): {
  parent: workspace
  name: 'hourglass-${query.name}'
  properties: {
    category: 'Hourglass'
    displayName: query.title
    query: query.text
    version: 2
  }
}]

var items = [for query in queries: {
  type: 3
  name: query.name
  content: {
    version: 'KqlItem/1.0'
    title: query.title
    query: query.text
    size: 0
    queryType: 0
    resourceType: 'microsoft.operationalinsights/workspaces'
    visualization: query.chart
    timeContext: { durationMs: 86400000 }
  }
}]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'hourglass-workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Hourglass'
    category: 'workbook'
    sourceId: workspace.id
    serializedData: string({
      version: 'Notebook/1.0'
      items: items
      fallbackResourceIds: [workspace.id]
    })
  }
}
