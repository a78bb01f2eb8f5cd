// Parts of a training set, and labels made wrong on purpose, all drawn from a seed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ordo/base/random.h"
#include "ordo/data/labelled.h"

namespace ordo::data {

enum class Draw {
  simple,      ///< every subset of the size is equally likely
  stratified,  ///< as many of each class as its share (largest remainders), at random within it
};

/// `count` of the examples `from`, in the order they have there. `labels` are those of the whole
/// Labelled. Throws UsageError if `count` is negative or more than there are.
Indices subsample(IndexSpan from, std::int64_t count, Draw draw,
                  std::span<const std::int64_t> labels, Random random);

/// Consecutive pieces of `size` examples, the last may be shorter. Throws UsageError for size < 1.
std::vector<IndexSpan> chunks(IndexSpan examples, std::int64_t size);

/// What an online learner has seen in each round: round r holds chunks 0 to r, so it contains round
/// r - 1. The spans are beginnings of `examples`.
std::vector<IndexSpan> online_rounds(IndexSpan examples, std::int64_t chunk);

/// The two phases of the warm-start experiment: the first fraction of the examples (rounded down),
/// then all of them. Throws UsageError unless both have examples and 0 < fraction < 1.
std::vector<IndexSpan> two_phases(IndexSpan examples, double fraction = 0.5);

/// Which classes a wrong label is drawn from.
enum class LabelNoise {
  any,  ///< all classes, the right one too: a fraction f changes about f (k - 1) / k of the labels
  other,  ///< the other k - 1 classes: a fraction f changes exactly the chosen labels
};

struct NoisyLabels {
  std::vector<std::int64_t> labels;  ///< [n] of the whole Labelled
  Indices drawn;                     ///< examples whose label was drawn anew, ascending
  std::int64_t changed = 0;          ///< of those, how many have another label now
};

/// Labels in which exactly round(fraction * |examples|) of `examples` (a subset drawn without
/// replacement) are replaced by a uniformly random class. "Random labels" in the sense of Zhang et
/// al. (ICLR 2017) is LabelNoise::any. Others keep theirs. Throws UsageError for a fraction outside
/// [0, 1], and for LabelNoise::other with a single class.
NoisyLabels add_label_noise(const Labelled& data, IndexSpan examples, double fraction,
                            LabelNoise noise, Random random);

}  // namespace ordo::data
