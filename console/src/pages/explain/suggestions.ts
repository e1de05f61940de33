// What the form suggests from what is there. Who may not read it gets no suggestions, and types.
import type { AutosuggestProps } from '@cloudscape-design/components/autosuggest';
import { useEffect, useState } from 'react';
import { call } from '../../api/client';
import { allPages } from '../../api/many';
import { useLoad, type Loaded } from '../../components/use_load';
import { nameOfArn } from '../../paths';
import { texts } from '../../texts';

const plain = (values: Iterable<string>) => [...new Set(values)].sort().map((value) => ({ value }));

export type Loading = Pick<Loaded<unknown>, 'loading' | 'error'>;

// The state of a dropdown whose options are loaded.
export function statusOf({ loading, error }: Loading): Pick<AutosuggestProps, 'statusType' | 'loadingText' | 'errorText'> {
  return {
    statusType: loading ? 'loading' : error ? 'error' : 'finished',
    loadingText: texts.common.loading,
    errorText: texts.explain.suggestionsFailed,
  };
}

export function useClusters() {
  return useLoad(
    async (signal) => plain(await allPages('eks', 'ListClusters', {}, ({ clusters }) => clusters, signal)),
    [],
  );
}

const delay = 200; // ms after the last key

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), delay);
    return () => clearTimeout(timer);
  }, [text]);
  return settled.trim();
}

// Namespaces and service accounts that have an association.
export function useAssociated(typed: string) {
  const clusterName = useSettled(typed);
  return useLoad(
    async (signal) => {
      if (!clusterName) return [];
      return await allPages('eks', 'ListPodIdentityAssociations', { clusterName }, ({ associations }) => associations, signal);
    },
    [clusterName],
  );
}

export type Associated = NonNullable<ReturnType<typeof useAssociated>['data']>[number];

export const namespacesOf = (associated: readonly Associated[] = []) => plain(associated.flatMap(({ namespace }) => namespace ?? []));

export const accountsOf = (associated: readonly Associated[] = [], namespace: string) =>
  plain(associated.filter((each) => !namespace || each.namespace === namespace).flatMap(({ serviceAccount }) => serviceAccount ?? []));

export function usePrincipals(account: string) {
  return useLoad(
    async (signal): Promise<AutosuggestProps.Options> => {
      const [roles, users] = await Promise.all([
        allPages('iam', 'ListRoles', {}, ({ Roles }) => Roles, signal),
        allPages('iam', 'ListUsers', {}, ({ Users }) => Users, signal),
      ]);
      const options = (found: readonly { Arn?: string }[]) =>
        found.flatMap(({ Arn }) => (Arn ? { value: Arn, description: nameOfArn(Arn) } : []));
      return [
        { label: texts.explain.roles, options: options(roles) },
        { label: texts.explain.users, options: options(users) },
        {
          label: texts.explain.others,
          options: [
            { value: `arn:aws:iam::${account}:root`, description: texts.explain.root },
            { value: 'pods.eks.amazonaws.com', description: texts.explain.podService },
          ],
        },
      ];
    },
    [account],
  );
}

export function useActions(typed: string) {
  const prefix = useSettled(typed);
  return useLoad(
    async (signal) => {
      const { actions = [] } = await call('podpass', 'ListActions', { prefix, maxResults: 200 }, signal);
      return actions.map((value) => ({ value }));
    },
    [prefix],
  );
}
