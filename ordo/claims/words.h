// Verdicts in plain words.
#pragma once

#include <string>

#include "ordo/claims/verdict.h"

namespace ordo::claims {

/// What the numbers say about one comparison; its text and outcome stand beside it and are not
/// repeated. `refusal` says why nothing was tested, or is empty; `alpha` is the
/// level of this look.
std::string finding_sentence(const Finding& finding, const std::string& refusal, double alpha);

/// The claim's sentence: that of its only comparison, or a count of outcomes.
std::string verdict_sentence(const Verdict& verdict);

}  // namespace ordo::claims
