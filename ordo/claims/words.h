// Verdicts in plain words.
#pragma once

#include <string>

#include "ordo/claims/verdict.h"

namespace ordo::claims {

/// One comparison's sentence. `refusal` says why nothing was tested, or is empty; `alpha` is the
/// level of this look.
std::string finding_sentence(const Finding& finding, const std::string& refusal, double alpha);

/// The claim's sentence: that of its only comparison, or a count and the one that decided.
std::string verdict_sentence(const Verdict& verdict);

}  // namespace ordo::claims
