// A made-up study for the room's tests and its benchmark: accuracies that climb to a planted top,
// with noise from Philox, so that equal arguments give equal documents. Its intervals are plus and
// minus two standard errors: the page is under test here, not the statistics.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "ordo/base/random.h"
#include "ordo/report/report.h"
#include "ordo/report/thin.h"

namespace ordo::report {

struct SampleOptions {
  int variants = 4;          ///< at least 2
  int seeds = 12;            ///< runs of each variant, at least 2
  int points = 400;          ///< of each run's series, before thinning
  int kept = 200;            ///< points that `thin` leaves of each run
  std::string hostile = {};  ///< appended to every name and text that a program could have sent
};

struct Moments {
  double mean = 0;
  double half_width = 0;  ///< two standard errors
};

inline Moments moments(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  double mean = 0;
  for (const double value : values) mean += value / count;
  double square = 0;
  for (const double value : values) square += (value - mean) * (value - mean);
  return {mean, 2 * std::sqrt(square / (count - 1) / count)};
}

class Sample {
 public:
  explicit Sample(SampleOptions options) : options_(std::move(options)) {}

  Document document() {
    describe_study();
    for (int variant = 0; variant < options_.variants; ++variant) add_variant(variant);
    add_claims();
    return std::move(out_);
  }

 private:
  std::string named(const std::string& text) const { return text + options_.hostile; }

  void describe_study() {
    out_.name = named("warm-start");
    out_.title = named("Does a warm start reach the plateau in fewer steps?");
    out_.question = named("Is training from the last model as good as training anew, and sooner?");
    out_.description = named("Four ways to begin, on one task.");
    out_.created = "2026-03-01T12:00:00Z";
    out_.program = "ordo 0.1.0";
    out_.fixed = {{"batch", 64}, {named("data"), named("digits.csv")}};
    out_.measures = {{named("acc"), "final(acc)", "", Measure::Better::higher},
                     {"loss", "final(loss)", "", Measure::Better::lower},
                     {"seconds", "wall time", "s", Measure::Better::lower}};
    out_.table_interval = "95 % interval of the mean";
    out_.curve_interval = "mean with its 95 % interval";
    out_.environments = {
        {named("workstation"),
         {{"host", named("box")},
          {"cores", 16},
          {"versions", Json::object({{"python", "3.11.2"}, {named("torch"), named("2.13.0")}})}}}};
    out_.testing = {.alpha = 0.05,
                    .registered_seeds = options_.seeds,
                    .method = "Paired differences by seed, one-sided Student bounds.",
                    .correction = "Holm's step-down over all comparisons.",
                    .looks = {{options_.seeds, 0.05, "2026-03-01T12:00:00Z"}},
                    .notes = {named("One cell was retried.")}};
  }

  double accuracy(int variant, double share, double noise) const {
    const double top = 0.9 + 0.02 * variant;
    return top - (top - 0.1) * std::exp(-(4.0 + variant) * share) + 0.02 * noise;
  }

  void add_variant(int variant) {
    static const std::vector<std::string> kNames = {"cold", "warm", "shrink and perturb",
                                                    "ensemble"};
    const auto place = static_cast<std::size_t>(variant);
    const std::string name =
        named(place < kNames.size() ? kNames[place] : "variant " + std::to_string(variant));
    out_.variants.push_back({name, {{named("rate"), 0.1 / (1 + variant)}}});
    Curve accuracies{.metric = named("acc"), .variant = name};
    Curve losses{.metric = "loss", .variant = name};
    std::vector<std::vector<double>> values(static_cast<std::size_t>(options_.points));
    std::vector<double> finals;
    for (int seed = 0; seed < options_.seeds; ++seed) {
      finals.push_back(add_run(variant, seed, name, accuracies, losses, values));
    }
    finish_curves(values, accuracies, losses);
    add_summaries(name, finals);
  }

  double add_run(int variant, int seed, const std::string& name, Curve& accuracies, Curve& losses,
                 std::vector<std::vector<double>>& values) {
    Random random = Random(7).split(static_cast<std::uint64_t>(1000 * variant + seed));
    const std::string id = named(std::to_string(variant) + "-" + std::to_string(seed));
    std::vector<double> steps;
    std::vector<double> series;
    std::vector<double> loss;
    const double offset = random.normal();
    for (int point = 0; point < options_.points; ++point) {
      const double share = (point + 1.0) / options_.points;
      steps.push_back(10 * (point + 1.0));
      series.push_back(accuracy(variant, share, offset + 0.6 * random.normal()));
      loss.push_back(std::max(1e-3, 1.02 - series.back()));
      values[static_cast<std::size_t>(point)].push_back(series.back());
    }
    const auto keep = static_cast<std::size_t>(options_.kept);
    const Thinned few = thin(steps, series, keep);
    const Thinned few_loss = thin(steps, loss, keep);
    accuracies.runs.push_back({id, few.steps, few.values});
    losses.runs.push_back({id, few_loss.steps, few_loss.values});
    const bool failed = variant == 1 && seed == 1;
    Run run{.id = id,
            .variant = name,
            .seed = seed,
            .status = failed ? "failed" : "done",
            .message = failed ? named("exit status 1: out of memory") : "",
            .started = "2026-03-01T11:00:00Z",
            .seconds = 12.5 + variant + 0.1 * seed,
            .environment = 0};
    run.parameters = {{named("rate"), 0.1 / (1 + variant)}, {"seed", seed}};
    run.measures = {
        {named("acc"), series.back()}, {"loss", loss.back()}, {"seconds", *run.seconds}};
    run.logs = {{named("stdout"), named("epoch 1\nepoch 2\n"), named("epoch 99\ndone\n"), 5120},
                {"stderr", named("warning: slow disk\n"), "", 0}};
    out_.runs.push_back(std::move(run));
    return series.back();
  }

  void finish_curves(const std::vector<std::vector<double>>& values, Curve& accuracies,
                     Curve& losses) {
    for (std::size_t point = 0; point < values.size(); ++point) {
      const Moments at = moments(values[point]);
      accuracies.steps.push_back(10 * (static_cast<double>(point) + 1));
      accuracies.mean.push_back(at.mean);
      accuracies.low.push_back(at.mean - at.half_width);
      accuracies.high.push_back(at.mean + at.half_width);
      losses.mean.push_back(1.02 - at.mean);
      losses.low.push_back(1.02 - accuracies.high.back());
      losses.high.push_back(1.02 - accuracies.low.back());
    }
    losses.steps = accuracies.steps;
    out_.curves.push_back(std::move(accuracies));
    out_.curves.push_back(std::move(losses));
  }

  void add_summaries(const std::string& name, const std::vector<double>& finals) {
    const Moments at = moments(finals);
    const auto runs = static_cast<std::int64_t>(finals.size());
    out_.table.push_back(
        {name, named("acc"), at.mean, {at.mean - at.half_width, at.mean + at.half_width}, runs});
    const double loss = 1.02 - at.mean;
    out_.table.push_back({name, "loss", loss, {loss - at.half_width, loss + at.half_width}, runs});
    const double seconds = 12.5 + static_cast<double>(out_.variants.size());
    out_.table.push_back({name, "seconds", seconds, {seconds - 0.4, seconds + 0.4}, runs});
  }

  void add_claim(const std::string& name, const std::string& text, const std::string& sentence,
                 Verdict verdict, std::vector<Comparison> comparisons, const std::string& note) {
    out_.claims.push_back({named(name), named(text), named(sentence), verdict, note, {}});
    for (Comparison& comparison : comparisons) {
      comparison.label = named(comparison.label);
      comparison.pairs = options_.seeds;
    }
    out_.claims.back().comparisons = std::move(comparisons);
  }

  static Comparison compared(const std::string& label, const std::string& unit, double estimate,
                             Interval interval, Interval claimed, Verdict verdict) {
    return {label, unit, estimate, interval, claimed, verdict, 0, std::nullopt};
  }

  void add_claims() {
    const double open = std::numeric_limits<double>::infinity();
    add_claim("ensemble wins", "acc(ensemble) > acc(cold) by 0.02",
              "The ensemble is more accurate than a cold start by more than 0.02: it gains 0.058.",
              Verdict::holds,
              {compared("acc(ensemble) - acc(cold)", "acc", 0.058, {0.049, 0.067}, {0.02, open},
                        Verdict::holds)},
              "");
    add_claim("warm is as good", "acc(warm) ~= acc(cold) within 0.01",
              "A warm start is not within 0.01 of a cold start: it gains 0.021.", Verdict::fails,
              {compared("acc(warm) - acc(cold)", "acc", 0.021, {0.013, 0.029}, {-0.01, 0.01},
                        Verdict::fails)},
              "");
    add_claim(
        "sooner and no worse", "steps(warm) <= 0.9 * steps(cold) and acc(warm) > acc(cold)",
        "Whether a warm start needs at most nine tenths of the steps is open.", Verdict::undecided,
        {compared("steps(warm) - 0.9 * steps(cold)", "steps", -38, {-open, 22}, {-open, 0},
                  Verdict::undecided),
         compared("acc(warm) - acc(cold)", "acc", 0.021, {0.013, open}, {0, open}, Verdict::holds)},
        "About 9 further seeds would likely decide it.");
  }

  SampleOptions options_;
  Document out_;
};

inline Document sample_document(const SampleOptions& options) { return Sample(options).document(); }

}  // namespace ordo::report
