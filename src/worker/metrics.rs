//! Metrics of a worker: attempts by outcome, durations of steps, and the queue as last measured.

use super::outcome::AttemptOutcome;
use crate::publish::ledger::PublishStep;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use std::time::Duration;

/// The metrics of one worker.
pub struct Metrics {
    registry: Registry,
    runs: Family<RunLabels, Counter>,
    steps: Family<StepLabels, Histogram, fn() -> Histogram>,
    running: Gauge,
    depth: Gauge,
    held: Gauge,
    oldest: Gauge,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RunLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StepLabels {
    step: MeasuredStep,
}

/// A step whose duration is measured.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelValue)]
#[expect(non_camel_case_types, reason = "the names are the labels")]
pub enum MeasuredStep {
    /// From the stored plan to a repository on the local disk.
    build,
    create,
    push,
    configure,
    describe,
    delete,
    /// From the fetch of a repository to the result of its update.
    compare,
    propose,
    /// The whole attempt.
    attempt,
}

/// Upper bounds in seconds: from a step in memory to a push that takes minutes.
const BOUNDS: [f64; 12] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0,
];

impl Metrics {
    /// Metrics with all counters at zero.
    pub fn new() -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(BOUNDS);
        let mut metrics = Self {
            registry: Registry::with_prefix("groundplan"),
            runs: Family::default(),
            steps: Family::new_with_constructor(histogram),
            running: Gauge::default(),
            depth: Gauge::default(),
            held: Gauge::default(),
            oldest: Gauge::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "Version of the program", build);
        registry.register("runs", "Attempts at runs by outcome", self.runs.clone());
        registry.register("step_seconds", "Duration of steps", self.steps.clone());
        registry.register("running", "Runs in progress", self.running.clone());
        registry.register("queue_depth", "Jobs in the queue", self.depth.clone());
        registry.register(
            "queue_held",
            "Jobs that wait for an approval",
            self.held.clone(),
        );
        registry.register(
            "queue_oldest_seconds",
            "Age of the oldest job in the queue",
            self.oldest.clone(),
        );
    }

    /// Counts an attempt that starts.
    pub fn attempt_started(&self) {
        self.running.inc();
    }

    /// Counts an attempt that has finished.
    pub fn attempt_finished(&self, outcome: AttemptOutcome) {
        self.running.dec();
        let labels = RunLabels {
            outcome: outcome.as_str(),
        };
        self.runs.get_or_create(&labels).inc();
    }

    /// Records the duration of a step.
    pub fn observe(&self, step: MeasuredStep, duration: Duration) {
        let labels = StepLabels { step };
        self.steps
            .get_or_create(&labels)
            .observe(duration.as_secs_f64());
    }

    /// Sets the state of the queue: jobs that can be claimed, jobs that wait for an approval, and the age of the oldest
    /// job that can be claimed.
    pub fn set_queue(&self, waiting: u64, held: u64, oldest: Option<Duration>) {
        let gauge = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.depth.set(gauge(waiting));
        self.held.set(gauge(held));
        self.oldest
            .set(gauge(oldest.map_or(0, |age| age.as_secs())));
    }

    /// All metrics in the OpenMetrics text format.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a string cannot fail");
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl From<PublishStep> for MeasuredStep {
    fn from(step: PublishStep) -> Self {
        match step {
            PublishStep::Create => Self::create,
            PublishStep::Push => Self::push,
            PublishStep::Configure => Self::configure,
            PublishStep::Describe => Self::describe,
            PublishStep::Delete => Self::delete,
            PublishStep::Propose => Self::propose,
        }
    }
}
