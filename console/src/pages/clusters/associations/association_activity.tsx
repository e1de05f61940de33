// How an association is used: exchanges of tokens for credentials, and denials, over time.
import BarChart from '@cloudscape-design/components/bar-chart';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { useState } from 'react';
import { call, type Output } from '../../../api/client';
import { ErrorAlert } from '../../../components/error_alert';
import { LinkButton } from '../../../components/link';
import { Time } from '../../../components/time';
import { useLoad } from '../../../components/use_load';
import { paths } from '../../../paths';
import { texts } from '../../../texts';

const words = texts.associationActivity;
const spans = ['24', '72', '168'] as const; // hours
const maxBars = 28;

type Activity = Output<'podpass', 'DescribeAssociationActivity'>;
type Interval = NonNullable<Activity['intervals']>[number];

// All hours of a span. None is counted from before the counting began; those are empty places in the chart.
export function wholeSpan(counted: readonly Interval[], hours: number): Interval[] {
  if (!counted.length) return [];
  const missing = Array.from({ length: Math.max(0, hours - counted.length) }, (_, index) => index + 1).reverse();
  return [...missing.map((ago) => ({ start: counted[0].start - ago * 3600, exchanges: 0, denials: 0 })), ...counted];
}

// Hours as the chart has them: several in a bar if there are many.
export function bars(hours: readonly Interval[]): Interval[] {
  const inOne = Math.ceil(hours.length / maxBars);
  const drawn: Interval[] = [];
  hours.forEach((hour, index) => {
    if (index % inOne === 0) drawn.push({ ...hour });
    else {
      drawn[drawn.length - 1].exchanges += hour.exchanges;
      drawn[drawn.length - 1].denials += hour.denials;
    }
  });
  return drawn;
}

export function AssociationActivity({ cluster, id }: { cluster: string; id: string }) {
  const [hours, setHours] = useState<string>('24');
  const activity = useLoad(
    (signal) =>
      call(
        'podpass',
        'DescribeAssociationActivity',
        { clusterName: cluster, associationId: id, hours: Number(hours) },
        signal,
      ),
    [cluster, id, hours],
  );
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <LinkButton to={paths.activity({ clusterName: cluster, associationId: id })}>{words.recent}</LinkButton>
          }
        >
          {words.title}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <SegmentedControl
          label={words.span}
          selectedId={hours}
          onChange={({ detail }) => setHours(detail.selectedId)}
          options={spans.map((span) => ({ id: span, text: words.spans[span] }))}
        />
        {activity.error && <ErrorAlert error={activity.error} onRetry={activity.reload} />}
        {activity.loading && !activity.data && <Spinner />}
        {activity.data && <Usage activity={activity.data} hours={Number(hours)} />}
      </SpaceBetween>
    </Container>
  );
}

function Usage({ activity, hours }: { activity: Activity; hours: number }) {
  const at = (seconds: number | undefined) => (seconds === undefined ? words.never : <Time seconds={seconds} ago />);
  return (
    <SpaceBetween size="l">
      <KeyValuePairs
        columns={4}
        items={[
          { label: words.lastUsed, value: at(activity.lastUsedAt) },
          { label: words.lastDenied, value: at(activity.lastDeniedAt) },
          { label: words.exchanges, value: activity.exchanges },
          { label: words.denials, value: activity.denials },
        ]}
      />
      <ActivityChart activity={activity} hours={hours} />
      <Box variant="small" color="text-body-secondary">
        {words.countedSince} <Time seconds={activity.countedSince} />
      </Box>
    </SpaceBetween>
  );
}

function ActivityChart({ activity, hours }: { activity: Activity; hours: number }) {
  const intervals = bars(wholeSpan(activity.intervals ?? [], hours));
  const dates = intervals.map(({ start }) => new Date(start * 1000));
  const highest = Math.max(1, ...intervals.map(({ exchanges, denials }) => exchanges + denials));
  const series = (title: string, member: 'exchanges' | 'denials') => ({
    title,
    type: 'bar' as const,
    data: intervals.map((interval, index) => ({ x: dates[index], y: interval[member] })),
  });
  return (
    <BarChart
      stackedBars
      series={[series(words.exchanges, 'exchanges'), { ...series(words.denials, 'denials'), color: 'var(--editor-error)' }]}
      xScaleType="categorical"
      xDomain={dates}
      yDomain={[0, highest]}
      xTitle={words.time}
      yTitle={words.number}
      ariaLabel={words.title}
      height={200}
      hideFilter
      i18nStrings={{
        xTickFormatter: (date) => tick(date, hours),
        detailPopoverDismissAriaLabel: texts.common.close,
      }}
      detailPopoverSeriesContent={({ series: { title }, y }) => ({ key: title, value: y })}
      empty={<Box textAlign="center">{words.empty}</Box>}
      noMatch={words.empty}
    />
  );
}

function tick(date: Date, hours: number): string {
  if (!(date instanceof Date)) return String(date);
  if (hours > 24) return date.toLocaleDateString('en', { month: 'short', day: 'numeric', hour: '2-digit', hourCycle: 'h23' });
  return date.toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

