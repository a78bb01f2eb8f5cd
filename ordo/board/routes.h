// What is answered at which address.
#pragma once

#include "ordo/board/study_data.h"
#include "ordo/http/message.h"

namespace ordo::board {

/// Answers a request that the server let pass. Throws UsageError and http::NotFound.
http::Response answer(Library& library, const http::Request& request);

}  // namespace ordo::board
