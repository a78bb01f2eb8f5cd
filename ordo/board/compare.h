// Two studies side by side, or two environments (commits, machines) of one: measures of the
// variants that both have with the interval of their difference, and what differs in parameters and
// surroundings. It explores and tests nothing: only claims are verdicts.
#pragma once

#include <set>
#include <string>

#include "ordo/board/study_data.h"

namespace ordo::board {

/// The hashes of a study's environments that a person means by `text`: the beginning (6 or more
/// digits) of a hash or of a commit. Throws http::NotFound if there is none.
std::set<std::string> find_environments(const store::Store& store, const StudyData& data,
                                        const std::string& text);

/// The answer to /api/compare. A side is "NAME" (the runs that count) or "NAME@ENVIRONMENT" (the
/// newest finished run of each cell there). Throws http::NotFound.
Json compare(Library& library, const std::string& left, const std::string& right);

}  // namespace ordo::board
