// A run with everything that is recorded of it, and its artifacts.
#pragma once

#include <string>
#include <string_view>

#include "ordo/board/study_data.h"
#include "ordo/http/message.h"

namespace ordo::board {

/// The answer to /api/runs/ID. Throws http::NotFound.
Json run_page(Library& library, store::RunId run);

/// How a page may show an artifact: a media type that is safe to send, and where it may stand.
struct View {
  std::string kind;  ///< "image", "text", "frame", or empty: only to be downloaded
  std::string type;  ///< media type that is sent
};
/// By its recorded media type, else by the end of its name.
View view_of(const store::ArtifactRecord& artifact);

/// The artifact of that run and hash, as a download or to be shown. The headers that it is
/// sent with keeps a browser from running anything in it: no sniffing, a sandbox of its own origin,
/// no scripts and no network. Throws http::NotFound.
enum class Delivery { download, view };
http::Response artifact_response(const store::Store& store, store::RunId run,
                                 const std::string& hash, Delivery delivery);

}  // namespace ordo::board
