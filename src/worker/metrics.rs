//! What is counted: runs by how they ended, how long steps take, and the queue as it was last seen.

use super::outcome::AttemptOutcome;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use std::time::Duration;

/// Counters of one worker.
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

/// A step that is timed.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelValue)]
#[expect(non_camel_case_types, reason = "the names are the labels")]
pub enum MeasuredStep {
    /// The tree, from the stored plan to a repository on this disk.
    build,
    create,
    push,
    describe,
    delete,
    /// The whole attempt.
    attempt,
}

/// In seconds: from a step in memory to a push that takes minutes.
const BOUNDS: [f64; 12] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0,
];

impl Metrics {
    /// Counters at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("groundplan");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program", build);
        let histogram: fn() -> Histogram = || Histogram::new(BOUNDS);
        let meter = Self {
            runs: Family::default(),
            steps: Family::new_with_constructor(histogram),
            running: Gauge::default(),
            depth: Gauge::default(),
            held: Gauge::default(),
            oldest: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register(
            "runs",
            "Attempts at runs by how they ended",
            meter.runs.clone(),
        );
        registry.register("step_seconds", "How long steps take", meter.steps.clone());
        registry.register("running", "Runs in work here", meter.running.clone());
        registry.register(
            "queue_depth",
            "Jobs that wait to be taken",
            meter.depth.clone(),
        );
        registry.register(
            "queue_held",
            "Jobs that wait for an approval",
            meter.held.clone(),
        );
        let help = "For how long the oldest job has waited";
        registry.register("queue_oldest_seconds", help, meter.oldest.clone());
        Self { registry, ..meter }
    }

    /// An attempt begins.
    pub fn begin(&self) {
        self.running.inc();
    }

    /// An attempt has ended.
    pub fn end(&self, outcome: AttemptOutcome) {
        self.running.dec();
        let outcome = outcome.as_str();
        self.runs.get_or_create(&RunLabels { outcome }).inc();
    }

    /// A step took a time.
    pub fn took(&self, step: MeasuredStep, time: Duration) {
        let labels = StepLabels { step };
        self.steps
            .get_or_create(&labels)
            .observe(time.as_secs_f64());
    }

    /// The queue as it is now: how many jobs wait to be taken and for an approval, and the oldest of the first for how
    /// long.
    pub fn queue(&self, waiting: u64, held: u64, oldest: Option<Duration>) {
        let gauge = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.depth.set(gauge(waiting));
        self.held.set(gauge(held));
        self.oldest.set(gauge(oldest.unwrap_or_default().as_secs()));
    }

    /// All of it in the text format of Prometheus.
    pub fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a string grows");
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
