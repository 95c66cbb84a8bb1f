// Six questions, asked of the logs every five minutes. A query returns rows when something is wrong.
// https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-create-log-alert-rule
param location string
param tags object
param workspaceId string
param emails array

resource operators 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'hourglass-operators'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'hourglass'
    enabled: true
    emailReceivers: [for (email, index) in emails: {
      name: 'email-${index}'
      emailAddress: trim(email)
      useCommonAlertSchema: true
    }]
  }
}

var rules = [
  {
    name: 'hourglass-poison-queue'
    title: 'Hourglass: a message was given up'
    description: 'A message failed five times and landed in a poison queue. A run ended as failed; a chore is tried again in an hour. See docs/operate.md, incidents.'
    severity: 1
    query: loadTextContent('../queries/alert-poison-queue.kql')
  }
  {
    name: 'hourglass-runs-wait'
    title: 'Hourglass: runs wait, and no worker takes them up'
    description: 'Runs were queued more than five minutes ago, and none was taken up since. See docs/operate.md, incidents.'
    severity: 1
    query: loadTextContent('../queries/alert-runs-wait.kql')
  }
  {
    name: 'hourglass-index-waits'
    title: 'Hourglass: files wait to be indexed, and no worker takes them up'
    description: 'Files were added to vector stores more than five minutes ago, and none came to its end since. See docs/operate.md, incidents.'
    severity: 2
    query: loadTextContent('../queries/alert-index-waits.kql')
  }
  {
    name: 'hourglass-failure-rate'
    title: 'Hourglass: many runs fail'
    description: 'Of at least 20 runs in 15 minutes more than one in ten failed, or requests are answered with 5xx.'
    severity: 2
    query: loadTextContent('../queries/alert-failure-rate.kql')
  }
  {
    name: 'hourglass-session-place'
    title: 'Hourglass: a place of sessions is closed'
    description: 'A place refused ten sessions or more and started none; the other places carry its share. See docs/operate.md, Python sessions.'
    severity: 3
    query: loadTextContent('../queries/alert-session-place.kql')
  }
  {
    name: 'hourglass-session-quota'
    title: 'Hourglass: no Python session to be had'
    description: 'Three or more sessions could not be started: most often quota or capacity. See docs/operate.md, limits and quotas.'
    severity: 2
    query: loadTextContent('../queries/alert-session-quota.kql')
  }
]

resource alerts 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [for rule in rules: {
  name: rule.name
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: rule.title
    description: rule.description
    severity: rule.severity
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    autoMitigate: true
    // A workspace that is minutes old may not know its tables yet.
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: rule.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    actions: { actionGroups: [operators.id] }
  }
}]
