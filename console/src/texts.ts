// All words that the console shows. Each part of the console has its own section.

const count = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

export const texts = {
  product: 'Podpass',

  common: {
    cancel: 'Cancel',
    confirm: 'Confirm',
    close: 'Close',
    copied: 'Copied',
    copy: 'Copy',
    copyFailed: 'It could not be copied',
    create: 'Create',
    delete: 'Delete',
    dismiss: 'Dismiss',
    edit: 'Edit',
    failed: 'That did not work',
    loading: 'Loading',
    none: 'None',
    optional: 'optional',
    required: 'This is required.',
    requestId: (id: string) => `Request ID: ${id}`,
    retry: 'Retry',
    save: 'Save changes',
    typeToConfirm: (text: string) => `To confirm, type ${text}`,
    whyDenied: 'Why was it denied?',
  },

  notFound: {
    title: 'There is no such page',
    text: 'The address may have been mistyped, or what it named is gone.',
    action: 'To the clusters',
  },

  signIn: {
    title: 'Sign in',
    heading: 'Sign in to Podpass',
    description: 'With an access key of root, of a user, or of a role session.',
    accessKeyId: 'Access key ID',
    secretAccessKey: 'Secret access key',
    temporary: 'Temporary credentials',
    sessionToken: 'Session token',
    sessionTokenText: 'Only for access keys that begin with ASIA.',
    action: 'Sign in',
    ended: 'Your session has ended. Sign in again to go on where you were.',
    failed: 'You are not signed in',
    help: 'On the machine that Podpass runs on, this prints a link that signs you in once:',
  },

  shell: {
    activity: 'Activity',
    breadcrumbs: 'Breadcrumbs',
    clusters: 'Clusters',
    explain: 'Explain',
    iam: 'IAM',
    policies: 'Policies',
    region: (region: string) => `Region ${region}`,
    roles: 'Roles',
    root: 'root',
    server: (version: string) => `Podpass ${version}`,
    signOut: 'Sign out',
    theme: 'Theme',
    themes: { system: 'As the system has it', light: 'Light', dark: 'Dark' },
    topBar: {
      overflowMenuTriggerText: 'More',
      overflowMenuTitleText: 'All',
      overflowMenuBackIconAriaLabel: 'Back',
      overflowMenuDismissIconAriaLabel: 'Close menu',
    },
    users: 'Users',
    layout: {
      navigation: 'Navigation',
      navigationClose: 'Close navigation',
      navigationToggle: 'Open navigation',
      notifications: 'Notifications',
      tools: 'Help panel',
      toolsClose: 'Close help panel',
      toolsToggle: 'Open help panel',
    },
  },

  table: {
    clearFilter: 'Clear filter',
    columns: 'Columns',
    loading: 'Loading',
    matches: (n: number) => count(n, 'match', 'matches'),
    noMatch: 'No matches',
    noMatchText: 'Nothing matches the filter.',
    pageSize: 'Page size',
    perPage: (n: number) => `${n} rows`,
    preferences: 'Preferences',
    reload: 'Reload',
    select: (name: string) => `Select ${name}`,
    selectAll: 'Select all',
    selection: 'Selection',
    showing: (first: number, last: number, total: number) => `Rows ${first} to ${last} of ${total}`,
    wrapLines: 'Wrap lines',
    wrapLinesText: 'Shows long texts in full, in several lines',
  },

  tagEditor: {
    addButton: 'Add tag',
    emptyTags: 'No tags.',
  },

  editor: {
    policy: 'Policy document',
    position: (line: number, column: number) => `Line ${line}, column ${column}:`,
  },

  // Clusters and their Pod Identity associations.
  clusters: {},

  // Roles, policies, users and their keys.
  iam: {},

  // Explain: the decision, layer by layer.
  explain: {},

  // Activity: the audit trail.
  activity: {},
};
