#include "ordo/data/sampling.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/data/apportion.h"

namespace ordo::data {
namespace {

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

// Marks `count` of the places 0 to size - 1: the first of a permutation.
std::vector<bool> chosen_places(std::size_t size, std::int64_t count, Random& random) {
  std::vector<bool> chosen(size);
  const auto order = random.permutation(size);
  for (std::int64_t place = 0; place < count; ++place) chosen[order[at(place)]] = true;
  return chosen;
}

Indices stratified(IndexSpan from, std::int64_t count, std::span<const std::int64_t> labels,
                   Random& random) {
  std::int64_t classes = 0;
  for (const std::int64_t example : from) classes = std::max(classes, labels[at(example)] + 1);
  auto wanted = apportion(count, class_counts(labels, from, at(classes)));
  std::vector<bool> chosen(from.size());
  for (const std::size_t place : random.permutation(from.size())) {
    std::int64_t& left = wanted[at(labels[at(from[place])])];
    if (left == 0) continue;
    chosen[place] = true;
    --left;
  }
  Indices found;
  for (std::size_t place = 0; place < from.size(); ++place) {
    if (chosen[place]) found.push_back(from[place]);
  }
  return found;
}

}  // namespace

Indices subsample(IndexSpan from, std::int64_t count, Draw draw,
                  std::span<const std::int64_t> labels, Random random) {
  if (count < 0 || at(count) > from.size()) {
    throw UsageError(fmt::format("cannot draw {} examples: there are {}", count, from.size()));
  }
  if (draw == Draw::stratified) return stratified(from, count, labels, random);
  const std::vector<bool> chosen = chosen_places(from.size(), count, random);
  Indices found;
  for (std::size_t place = 0; place < from.size(); ++place) {
    if (chosen[place]) found.push_back(from[place]);
  }
  return found;
}

std::vector<IndexSpan> chunks(IndexSpan examples, std::int64_t size) {
  if (size < 1) throw UsageError(fmt::format("a chunk needs at least 1 example, not {}", size));
  std::vector<IndexSpan> pieces;
  for (std::size_t begin = 0; begin < examples.size(); begin += at(size)) {
    pieces.push_back(examples.subspan(begin, std::min(at(size), examples.size() - begin)));
  }
  return pieces;
}

std::vector<IndexSpan> online_rounds(IndexSpan examples, std::int64_t chunk) {
  std::vector<IndexSpan> rounds = chunks(examples, chunk);
  std::size_t seen = 0;
  for (IndexSpan& round : rounds) {
    seen += round.size();
    round = examples.first(seen);
  }
  return rounds;
}

std::vector<IndexSpan> two_phases(IndexSpan examples, double fraction) {
  const double first = std::floor(fraction * static_cast<double>(examples.size()));
  if (!(first >= 1 && first < static_cast<double>(examples.size()))) {
    throw UsageError(
        fmt::format("a first phase of {} of {} examples leaves one of the two phases nothing new",
                    fraction, examples.size()));
  }
  return {examples.first(static_cast<std::size_t>(first)), examples};
}

NoisyLabels add_label_noise(const Labelled& data, IndexSpan examples, double fraction,
                            LabelNoise noise, Random random) {
  if (!(fraction >= 0 && fraction <= 1)) {
    throw UsageError(fmt::format("a fraction of wrong labels is from 0 to 1, not {}", fraction));
  }
  const std::uint64_t classes = data.classes.size();
  if (noise == LabelNoise::other && classes < 2) {
    throw UsageError("there is no other class to draw a wrong label from");
  }
  NoisyLabels result{.labels = data.labels, .drawn = {}, .changed = 0};
  const auto count = std::llround(fraction * static_cast<double>(examples.size()));
  result.drawn = subsample(examples, count, Draw::simple, data.labels, random.split("which"));
  std::sort(result.drawn.begin(), result.drawn.end());
  Random draws = random.split("class");
  for (const std::int64_t example : result.drawn) {
    std::int64_t& label = result.labels[at(example)];
    const std::int64_t before = label;
    if (noise == LabelNoise::any) {
      label = static_cast<std::int64_t>(draws.below(classes));
    } else {
      label = (before + 1 + static_cast<std::int64_t>(draws.below(classes - 1))) %
              static_cast<std::int64_t>(classes);
    }
    result.changed += label != before ? 1 : 0;
  }
  return result;
}

}  // namespace ordo::data
