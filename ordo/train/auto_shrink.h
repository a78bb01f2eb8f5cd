// How much to shrink: the largest lambda at which new examples' gradients are at most so many times
// as large as old ones'. The ratio falls as lambda does, so it is bisected, one look at some old
// and some new examples a step.
#pragma once

#include "ordo/train/gradient_balance.h"
#include "ordo/train/round_start.h"

namespace ordo::train {

/// The balance after shrink and perturb with `options` (the noise is the same for every lambda);
/// the network, its buffers included, is as before afterwards.
GradientBalance balance_after(Round& round, const ShrinkPerturb& options);

/// lambda in [0, 1] to a hundredth, for options.perturb as it is. 1 if the round has nothing new or
/// the balance is there without shrinking; 0 if even that is not enough.
double choose_shrink(Round& round, ShrinkPerturb options, double balance, const Context& context);

}  // namespace ordo::train
