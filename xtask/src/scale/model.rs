//! The arithmetic: from live sessions to what happens in the busiest second, and from that to what it takes.
//!
//! Everything stands in balance: as many sessions begin as end. Requests come to the nodes at random, since no balancer
//! has to be sticky, and to the sessions that are in use at random as well.

use super::assumptions::Assumptions;
use super::figure::Figure;
use super::measured::Costs;

const DAY_SECONDS: f64 = 86_400.0;

/// How long a remembered session is used before it is read again: five minutes.
const REMEMBERED_SECONDS: f64 = 300.0;

/// How often last-seen times are carried from Redis into PostgreSQL: every five minutes.
const CARRIED_SECONDS: f64 = 300.0;

/// How long a row of the log concerns anything: an hour and two minutes.
const CONCERNS_SECONDS: f64 = 3_720.0;

/// How many sessions that ran out one act ends.
const SWEPT_AT_ONCE: f64 = 500.0;

/// Memory of one password's hash; as many are hashed at once as there are processors.
const HASH_MIB: f64 = 19.0;

/// One node fails, or is replaced, and the other goes on.
const FEWEST_NODES: f64 = 2.0;

/// From the word to raise the counter to the end of the commit.
const COUNTER_ROUND_TRIPS: f64 = 3.0;

const MICROSECONDS: f64 = 1e6;
const MILLISECONDS: f64 = 1e3;
const MIB: f64 = 1024.0 * 1024.0;

/// A number of live sessions, and how they are served.
#[derive(Clone, Copy)]
pub(super) struct Deployment<'a> {
    pub(super) sessions: f64,
    pub(super) with_redis: bool,
    pub(super) assumed: &'a Assumptions,
    pub(super) costs: &'a Costs,
}

/// What people do.
impl Deployment<'_> {
    pub(super) fn guests(&self) -> f64 {
        self.sessions * self.assumed.guests
    }

    pub(super) fn signed_in(&self) -> f64 {
        self.sessions - self.guests()
    }

    /// In the busiest second, like all that follow.
    pub(super) fn checks(&self) -> f64 {
        self.at_peak(self.sessions * self.assumed.requests)
    }

    pub(super) fn sign_ins(&self) -> f64 {
        self.at_peak(self.signed_in() / self.assumed.session_life)
    }

    pub(super) fn refreshes(&self) -> f64 {
        self.at_peak(self.signed_in() * self.assumed.grants * self.assumed.refreshes)
    }

    pub(super) fn sign_outs(&self) -> f64 {
        self.sign_ins() * self.assumed.sign_outs
    }

    fn guests_coming(&self) -> f64 {
        self.at_peak(self.guests() / self.assumed.guest_life)
    }

    fn guest_writes(&self) -> f64 {
        self.at_peak(self.guests() * self.assumed.guest_writes)
    }

    fn user_writes(&self) -> f64 {
        self.at_peak(self.signed_in() * self.assumed.user_writes)
    }

    fn at_peak(&self, in_a_day: f64) -> f64 {
        in_a_day / DAY_SECONDS * self.assumed.peak
    }

    /// Of the sessions in use, how many come to each of so many nodes within so many seconds.
    fn seen_by_each(&self, nodes: f64, seconds: f64) -> f64 {
        let active = self.sessions * self.assumed.active;
        if active == 0.0 {
            return 0.0;
        }
        let requests_of_each = self.checks() * seconds / active / nodes;
        active * -(-requests_of_each).exp_m1()
    }
}

/// What the nodes do.
impl Deployment<'_> {
    /// So many that their processors are no busier than they may be.
    pub(super) fn nodes(&self) -> f64 {
        let mut nodes = FEWEST_NODES;
        loop {
            let cores = self.processors(nodes).known / self.assumed.node_busy;
            let needed = (cores / self.assumed.node_cores).ceil().max(FEWEST_NODES);
            // More nodes make more fills, never fewer, and no more of them than there are checks: this only rises, and ends.
            if needed <= nodes {
                return nodes;
            }
            nodes = needed;
        }
    }

    /// Seconds of processor time in a second, over all nodes.
    pub(super) fn processors(&self, nodes: f64) -> Figure {
        let costs = self.costs;
        let by_token = self.at_peak(self.signed_in() * self.assumed.tokens * self.assumed.requests);
        let remembered = 1.0 - self.fills(nodes) / self.checks().max(f64::MIN_POSITIVE);
        let parts = [
            costs.check_by_token.times(by_token * remembered),
            costs.check_by_cookie.times((self.checks() - by_token) * remembered),
            costs.fill.times(self.fills(nodes)),
            costs.refresh.times(self.refreshes()),
            costs.sign_in.times(self.sign_ins()),
            costs.sign_out.times(self.sign_outs()),
            costs.data_write.times(self.guest_writes() + self.user_writes()),
        ];
        Figure::sum(parts).times(1.0 / MICROSECONDS)
    }

    /// Sessions that each node remembers.
    pub(super) fn remembered(&self, nodes: f64) -> f64 {
        self.seen_by_each(nodes, REMEMBERED_SECONDS).min(self.assumed.remembered)
    }

    /// Checks of sessions that the node which is asked does not remember.
    pub(super) fn fills(&self, nodes: f64) -> f64 {
        let seen = self.seen_by_each(nodes, REMEMBERED_SECONDS);
        if seen == 0.0 {
            return 0.0;
        }
        let first = seen / REMEMBERED_SECONDS;
        let again = (self.checks() / nodes - first).max(0.0);
        let has_no_room = 1.0 - self.remembered(nodes) / seen;
        nodes * (first + again * has_no_room)
    }

    /// MiB of each node.
    pub(super) fn node_memory(&self, nodes: f64) -> Figure {
        let costs = self.costs;
        let bytes = Figure::sum([
            costs.remembered_session.times(self.remembered(nodes)),
            costs.heard_row.times(self.log_rows() * CONCERNS_SECONDS),
        ]);
        let hashes = Figure::of(HASH_MIB * self.assumed.node_cores);
        Figure::sum([costs.node_at_rest.times(1.0), hashes, bytes.times(1.0 / MIB)])
    }
}

/// What PostgreSQL does.
impl Deployment<'_> {
    /// Seconds of its processors' time in a second. What expires is ended by a sweep, at the cost of a sign-out each; a
    /// guest costs what a user does.
    pub(super) fn database_processors(&self, nodes: f64) -> Figure {
        let costs = self.costs;
        let parts = [
            costs.postgres_fill.times(self.database_reads(nodes)),
            costs.postgres_refresh.times(self.refreshes()),
            costs.postgres_sign_in.times(self.sign_ins() + self.guests_coming_there()),
            costs.postgres_sign_out.times(self.sign_ins() + self.guests_coming_there()),
            costs.postgres_data_write.times(self.data_writes_there()),
            costs.postgres_last_seen.times(self.touched_rows(nodes)),
        ];
        Figure::sum(parts).times(1.0 / MICROSECONDS)
    }

    /// Bytes of its own log.
    pub(super) fn database_log(&self, nodes: f64) -> Figure {
        let costs = self.costs;
        Figure::sum([
            costs.wal_refresh.times(self.refreshes()),
            costs.wal_sign_in.times(self.sign_ins() + self.guests_coming_there()),
            costs.wal_sign_out.times(self.sign_ins() + self.guests_coming_there()),
            costs.wal_data_write.times(self.data_writes_there()),
            costs.wal_last_seen.times(self.touched_rows(nodes)),
        ])
    }

    fn guests_coming_there(&self) -> f64 {
        if self.with_redis { 0.0 } else { self.guests_coming() }
    }

    fn data_writes_there(&self) -> f64 {
        let of_guests = if self.with_redis { 0.0 } else { self.guest_writes() };
        self.user_writes() + of_guests
    }

    /// Acts that it commits.
    pub(super) fn acts(&self, nodes: f64) -> f64 {
        let of_people = self.sign_ins() + self.refreshes() + self.guests_coming_there();
        let flushes = nodes / self.assumed.last_seen_flush;
        of_people + self.data_writes_there() + self.ends() + flushes
    }

    /// Acts that raise the log's counter: of these only one is under way at a time.
    pub(super) fn announced_acts(&self) -> f64 {
        self.sign_ins() + self.ends()
    }

    /// Seconds in a second for which somebody holds the counter: it is taken, rows are appended, and it is let go with the
    /// commit.
    pub(super) fn counter_held(&self) -> f64 {
        let held = COUNTER_ROUND_TRIPS * self.assumed.round_trip + self.assumed.commit;
        self.announced_acts() * held / MILLISECONDS
    }

    /// Acts that end sessions.
    fn ends(&self) -> f64 {
        self.sign_outs() + (self.sign_ins() - self.sign_outs()) / SWEPT_AT_ONCE
    }

    /// Each end has a row for the session and for each grant, each sign-in one for what this browser had before.
    pub(super) fn log_rows(&self) -> f64 {
        self.sign_ins() * (2.0 + self.assumed.grants)
    }

    /// Last-seen times: once for each session, node and flush; from Redis once for each session in five minutes.
    pub(super) fn touched_rows(&self, nodes: f64) -> f64 {
        if self.with_redis {
            let signed_in = 1.0 - self.assumed.guests;
            self.seen_by_each(1.0, CARRIED_SECONDS) / CARRIED_SECONDS * signed_in
        } else {
            self.touches(nodes)
        }
    }

    /// Once for each session, node and flush.
    fn touches(&self, nodes: f64) -> f64 {
        let flush = self.assumed.last_seen_flush;
        nodes * self.seen_by_each(nodes, flush) / flush
    }

    /// Sessions read.
    pub(super) fn database_reads(&self, nodes: f64) -> f64 {
        if self.with_redis {
            // The first node that asks fills the shared memory for the others.
            let signed_in = 1.0 - self.assumed.guests;
            self.seen_by_each(1.0, REMEMBERED_SECONDS) / REMEMBERED_SECONDS * signed_in
        } else {
            self.fills(nodes)
        }
    }

    /// Bytes on its disk.
    pub(super) fn database_bytes(&self) -> Figure {
        let (costs, assumed) = (self.costs, self.assumed);
        let users = self.signed_in() * assumed.users;
        let guests = if self.with_redis { 0.0 } else { self.guests() };
        let documents = (users + guests) * assumed.documents;
        Figure::sum([
            costs.user_row.times(users),
            costs.session_row.times(self.signed_in()),
            costs.guest_row.times(guests),
            costs.grant_row.times(self.signed_in() * assumed.grants),
            costs.document_row.times(documents),
            Figure::of(documents * assumed.document_bytes),
            costs.log_row.times(self.log_rows() * CONCERNS_SECONDS),
            costs.event_row.times(self.events_in_a_day() * assumed.events_retention),
        ])
    }

    /// A session's beginning and end are an event each, and so are those of a grant and of a guest.
    pub(super) fn events_in_a_day(&self) -> f64 {
        let assumed = self.assumed;
        let of_users = self.signed_in() / assumed.session_life * (1.0 + assumed.grants);
        let of_guests = if self.with_redis { 0.0 } else { self.guests() / assumed.guest_life };
        2.0 * (of_users + of_guests)
    }
}

/// What Redis does.
impl Deployment<'_> {
    /// Bytes of its memory.
    pub(super) fn redis_bytes(&self) -> Figure {
        if !self.with_redis {
            return Figure::default();
        }
        let (costs, assumed) = (self.costs, self.assumed);
        let documents = self.guests() * assumed.documents;
        let shared = self.seen_by_each(1.0, REMEMBERED_SECONDS) * (1.0 - assumed.guests);
        Figure::sum([
            costs.redis_guest.times(self.guests()),
            costs.redis_document.times(documents),
            Figure::of(documents * assumed.document_bytes),
            costs.redis_session.times(shared),
        ])
    }

    /// Calls that it answers.
    pub(super) fn redis_calls(&self, nodes: f64) -> f64 {
        if !self.with_redis {
            return 0.0;
        }
        // What the shared memory lacks is put there after it was read. A sign-in is counted by a throttle.
        let of_checks = self.fills(nodes) + self.database_reads(nodes) + self.touches(nodes);
        of_checks + self.guests_coming() + self.guest_writes() + self.sign_ins()
    }
}

#[cfg(test)]
mod tests {
    use super::super::measured::MEASURED;
    use super::*;

    #[test]
    fn what_people_do_grows_with_their_number() {
        let assumed = Assumptions::default();
        let (one, ten) = (deployment(1e6, &assumed), deployment(1e7, &assumed));
        for rate in [Deployment::checks, Deployment::sign_ins, Deployment::refreshes] {
            assert!((rate(&ten) / rate(&one) - 10.0).abs() < 1e-9);
        }
        // 1,000,000 sessions, 20 requests a day each, three times as many at the peak.
        assert!((one.checks() - 1e6 * 20.0 * 3.0 / 86_400.0).abs() < 1e-6);
        // Half of them are signed in, for 30 days each.
        assert!((one.sign_ins() - 5e5 / 30.0 * 3.0 / 86_400.0).abs() < 1e-6);
    }

    #[test]
    fn each_node_sees_fewer_where_there_are_more_and_together_no_more_than_there_are_requests() {
        let assumed = Assumptions::default();
        let deployment = deployment(1e6, &assumed);
        let mut before = f64::INFINITY;
        for nodes in [1.0, 2.0, 8.0, 64.0, 4096.0] {
            let seen = deployment.seen_by_each(nodes, 300.0);
            assert!(seen < before);
            assert!(seen * nodes <= deployment.checks() * 300.0 + 1e-6);
            before = seen;
        }
        assert!(deployment.seen_by_each(1.0, 300.0) <= 1e6 * assumed.active);
    }

    #[test]
    fn where_all_are_remembered_only_the_first_check_in_five_minutes_is_a_fill() {
        let assumed = Assumptions::default();
        let small = deployment(1e5, &assumed);
        let first = 2.0 * small.seen_by_each(2.0, 300.0) / 300.0;
        assert!((small.fills(2.0) - first).abs() < 1e-9);
        let large = deployment(1e9, &assumed);
        assert!(large.fills(2.0) > large.checks() * 0.9, "there is no room for nearly all of them");
        assert!(large.fills(2.0) <= large.checks());
    }

    #[test]
    fn there_are_nodes_enough_and_none_too_many() {
        let assumed = Assumptions::default();
        let busy = |deployment: &Deployment<'_>, nodes: f64| {
            deployment.processors(nodes).known / (nodes * assumed.node_cores)
        };
        for sessions in [1e4, 1e7, 1e9] {
            let deployment = deployment(sessions, &assumed);
            let nodes = deployment.nodes();
            assert!(busy(&deployment, nodes) <= assumed.node_busy, "{sessions}: {nodes} nodes");
            assert!(nodes <= 2.0 || busy(&deployment, nodes - 1.0) > assumed.node_busy * 0.99);
        }
    }

    #[test]
    fn what_redis_takes_is_not_asked_of_postgresql() {
        let assumed = Assumptions::default();
        let with = deployment(1e7, &assumed);
        let without = Deployment { with_redis: false, ..with };
        assert!(with.acts(2.0) < without.acts(2.0));
        assert!(with.touched_rows(2.0) < without.touched_rows(2.0));
        assert!(with.database_reads(8.0) < without.database_reads(8.0));
        assert_eq!(without.redis_bytes(), Figure::default());
        assert!(without.redis_calls(2.0) <= 0.0 && with.redis_calls(2.0) > 0.0);
    }

    #[test]
    fn nobody_costs_nothing_but_the_nodes() {
        let assumed = Assumptions::default();
        let nobody = deployment(0.0, &assumed);
        assert!(nobody.nodes() <= 2.0 && nobody.fills(2.0) <= 0.0 && nobody.log_rows() <= 0.0);
        assert_eq!(nobody.database_bytes(), Figure::default());
        assert_eq!(nobody.processors(2.0), Figure::default());
    }

    fn deployment(sessions: f64, assumed: &Assumptions) -> Deployment<'_> {
        Deployment { sessions, with_redis: true, assumed, costs: &MEASURED }
    }
}
