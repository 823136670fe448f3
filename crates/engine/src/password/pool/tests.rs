use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};

use super::*;

const FAR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn a_password_is_hashed_and_checked() {
    let pool = pool(settings());
    let hash = pool.hash(network(1), password("correct horse"), [7; 16]).await.unwrap();
    for (typed, verdict) in [("correct horse", Verdict::Match), ("wrong horse", Verdict::Mismatch)]
    {
        assert_eq!(pool.verify(network(1), password(typed), hash.clone()).await, Ok(verdict));
    }
    let nobody = pool.verify_nobody(network(1), password("correct horse")).await;
    assert_eq!(nobody, Ok(Verdict::Mismatch));
}

#[tokio::test]
async fn a_full_queue_answers_at_once_and_says_when_to_come_back() {
    let pool = pool(Settings { waiting: 2, waiting_per_network: 2, ..settings() });
    let gate = Gate::close(&pool).await;
    let mut waiting =
        [pin(pool.submit(network(1), |_| Ok(1))), pin(pool.submit(network(2), |_| Ok(2)))];
    for one in &mut waiting {
        assert_eq!(poll(one), None);
    }
    assert_eq!(pool.waiting(), 2);
    let refused = pool.verify_nobody(network(3), password("x")).await;
    let Err(Unavailable::Busy { retry_after }) = refused else { panic!("{refused:?}") };
    assert!(retry_after >= Duration::from_secs(1) && retry_after.subsec_nanos() == 0);
    gate.open();
    let [one, two] = waiting;
    assert_eq!((one.await, two.await), (Ok(1), Ok(2)));
    assert!(pool.verify_nobody(network(3), password("x")).await.is_ok());
}

#[tokio::test]
async fn a_flood_from_one_network_delays_another_by_one_hash_only() {
    let pool = pool(Settings { waiting: 8, waiting_per_network: 8, ..settings() });
    let gate = Gate::close(&pool).await;
    let (order, served) = mpsc::channel();
    let mut waiting: Vec<_> = [1, 1, 1, 1, 2]
        .into_iter()
        .map(|from| {
            let order = order.clone();
            pin(pool.submit(network(from), move |_| {
                order.send(from).unwrap();
                Ok(())
            }))
        })
        .collect();
    for one in &mut waiting {
        assert_eq!(poll(one), None);
    }
    gate.open();
    for one in waiting {
        one.await.unwrap();
    }
    assert_eq!(served.try_iter().collect::<Vec<_>>(), [1, 2, 1, 1, 1]);
}

#[tokio::test]
async fn the_last_of_a_flood_is_sent_away_when_others_come() {
    let pool = pool(Settings { waiting: 3, waiting_per_network: 3, ..settings() });
    let gate = Gate::close(&pool).await;
    let mut flood: Vec<_> = (0..3).map(|_| pin(pool.submit(network(1), |_| Ok(())))).collect();
    for one in &mut flood {
        assert_eq!(poll(one), None);
    }
    let mut other = pin(pool.submit(network(2), |_| Ok(())));
    assert_eq!(poll(&mut other), None);
    assert!(matches!(flood.pop().unwrap().await, Err(Unavailable::Busy { .. })));
    gate.open();
    assert_eq!(other.await, Ok(()));
    for one in flood {
        assert_eq!(one.await, Ok(()));
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_its_place_and_no_work() {
    let pool = pool(Settings { waiting: 1, waiting_per_network: 1, ..settings() });
    let gate = Gate::close(&pool).await;
    let (ran, runs) = mpsc::channel();
    let mut gone = pin(pool.submit(network(1), move |_| {
        ran.send(()).unwrap();
        Ok(())
    }));
    assert_eq!(poll(&mut gone), None);
    drop(gone);
    assert_eq!(pool.waiting(), 0);
    let mut next = pin(pool.submit(network(1), |_| Ok(())));
    assert_eq!(poll(&mut next), None);
    gate.open();
    assert_eq!(next.await, Ok(()));
    assert_eq!(runs.try_recv(), Err(mpsc::TryRecvError::Disconnected));
}

#[tokio::test]
async fn a_panic_is_one_callers_and_not_the_pools() {
    let pool = pool(settings());
    let failed: Result<(), _> = pool.submit(network(1), |_| panic!("on purpose")).await;
    assert_eq!(failed, Err(Unavailable::Failed));
    let no_memory: Result<(), _> = pool.submit(network(1), |_| Err(NoMemory)).await;
    assert_eq!(no_memory, Err(Unavailable::Failed));
    assert!(pool.hash(network(1), password("correct horse"), [7; 16]).await.is_ok());
}

#[tokio::test]
async fn memory_is_kept_for_the_next_hash() {
    let pool = pool(settings());
    let held = async || pool.submit(network(1), |memory| Ok(memory.held_kib())).await.unwrap();
    assert_eq!(held().await, 0);
    pool.hash(network(1), password("correct horse"), [7; 16]).await.unwrap();
    assert_eq!(held().await, 32);
    assert_eq!(*pool.holding().borrow(), 1);
}

#[tokio::test]
async fn memory_is_freed_when_nobody_comes() {
    let pool = pool(Settings { keep_memory: Duration::from_millis(1), ..settings() });
    let mut holding = pool.holding();
    pool.hash(network(1), password("correct horse"), [7; 16]).await.unwrap();
    // The number goes up, and down again, perhaps before anybody looks.
    holding.changed().await.unwrap();
    holding.wait_for(|threads| *threads == 0).await.unwrap();
    let held = pool.submit(network(1), |memory| Ok(memory.held_kib())).await;
    assert_eq!(held, Ok(0));
}

#[tokio::test]
async fn a_hash_from_elsewhere_leaves_no_more_memory_behind_than_ours() {
    let pool = pool(settings());
    let big =
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    let hash = PasswordHash::parse(big).unwrap();
    let verdict = pool.verify(network(1), password("password"), hash).await;
    assert_eq!(verdict, Ok(Verdict::MatchUpgrade));
    let held = pool.submit(network(1), |memory| Ok(memory.held_kib())).await;
    assert_eq!(held, Ok(0));
}

#[tokio::test]
async fn stopping_refuses_who_waits_and_ends_the_threads() {
    let pool = pool(settings());
    let gate = Gate::close(&pool).await;
    let mut waiting = pin(pool.submit(network(1), |_| Ok(())));
    assert_eq!(poll(&mut waiting), None);
    gate.open_when_stopping(&pool);
    pool.stop();
    assert_eq!(waiting.await, Err(Unavailable::Stopped));
    assert_eq!(Arc::strong_count(&pool.shared), 1, "every thread has let go");
    let late = pool.verify_nobody(network(1), password("x")).await;
    assert_eq!(late, Err(Unavailable::Stopped));
    pool.stop();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_hash_gives_way_and_in_a_storm_to_everything_else() {
    use thread_priority::{NormalThreadSchedulePolicy, ThreadSchedulePolicy};

    let pool = pool(Settings { waiting: 16, waiting_per_network: 16, ..settings() });
    let place = || {
        let nice = rustix::process::getpriority_process(None).unwrap();
        (nice, thread_priority::thread_schedule_policy().unwrap())
    };
    let before = place();
    let calm = pool.submit(network(1), move |_| Ok(place())).await.unwrap();
    assert_eq!(calm, (NICE.max(before.0), before.1));

    let gate = Gate::close(&pool).await;
    let mut waiting: Vec<_> = (0..=settings().storm_begins())
        .map(|_| pin(pool.submit(network(1), move |_| Ok(place()))))
        .collect();
    for one in &mut waiting {
        assert_eq!(poll(one), None);
    }
    // Nobody opens the gate: the storm has threads of its own.
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    for one in waiting {
        assert_eq!(one.await.unwrap().1, idle);
    }
    gate.open();

    let calm_again = pool.submit(network(1), move |_| Ok(place())).await.unwrap();
    assert_eq!(calm_again, calm);
    assert_eq!(place(), before, "the rest of the process keeps its place");
}

#[test]
fn there_is_a_thread_for_each_core_and_an_end_to_every_queue() {
    let settings = Settings::new(Cost::DEFAULT);
    assert_eq!(settings.threads, thread::available_parallelism().unwrap());
    assert!(settings.waiting_per_network < settings.waiting);
    assert_eq!(settings.keep_memory, Duration::from_secs(30));
}

#[test]
fn the_time_to_come_back_follows_the_pace() {
    let pool = pool(settings());
    assert_eq!(pool.shared.retry_after(0), Duration::from_secs(1));
    for _ in 0..100 {
        pool.shared.pace.record(Duration::from_millis(400));
    }
    assert_eq!(pool.shared.retry_after(10), Duration::from_secs(5));
}

/// One thread, which nothing but the test keeps busy.
fn settings() -> Settings {
    Settings {
        cost: Cost::danger_next_to_nothing(),
        threads: NonZeroUsize::MIN,
        waiting: 4,
        waiting_per_network: 4,
        keep_memory: FAR,
    }
}

fn pool(settings: Settings) -> Pool {
    Pool::start(settings).unwrap()
}

fn network(n: u8) -> Network {
    Network::of([192, 0, 2, n].into())
}

fn password(typed: &str) -> Password {
    Password::new(typed.to_owned()).unwrap()
}

/// Keeps the pool's one thread busy until it is opened.
struct Gate {
    key: mpsc::Sender<()>,
    /// A task whose caller has gone would be skipped.
    _caller: oneshot::Receiver<Result<(), Unavailable>>,
}

impl Gate {
    async fn close(pool: &Pool) -> Self {
        let (key, opened) = mpsc::channel();
        let (entered, inside) = oneshot::channel();
        let (reply, caller) = oneshot::channel();
        let work = move |_: &mut Memory| {
            entered.send(()).unwrap();
            opened.recv().unwrap();
            Ok(())
        };
        let _place = pool.shared.enter(network(0), Box::new(Work { work, reply })).ok().unwrap();
        inside.await.unwrap();
        Self { key, _caller: caller }
    }

    fn open(self) {
        self.key.send(()).unwrap();
    }

    /// Opens as soon as the pool has begun to stop, and not before.
    fn open_when_stopping(self, pool: &Pool) {
        let shared = Arc::clone(&pool.shared);
        thread::spawn(move || {
            while !shared.state().stopped {
                thread::yield_now();
            }
            drop(shared);
            self.open();
        });
    }
}

fn pin<'a, F: Future + 'a>(future: F) -> Pin<Box<dyn Future<Output = F::Output> + 'a>> {
    Box::pin(future)
}

/// Polls once: a future does nothing before.
fn poll<T>(future: &mut Pin<Box<dyn Future<Output = T> + '_>>) -> Option<T> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
