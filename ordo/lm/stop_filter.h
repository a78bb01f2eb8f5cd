// Text in pieces, up to the first of some strings that end it. What may be the beginning of such a
// string waits until the next piece shows whether it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ordo::lm {

class StopFilter {
 public:
  /// `stops` are not empty.
  explicit StopFilter(std::vector<std::string> stops) : stops_(std::move(stops)) {}

  /// The text that is certain now. Of several stops that a piece completes, the one that begins
  /// first counts; after a stop, nothing comes any more.
  std::string push(std::string_view piece);
  /// What still waited: no stop came.
  std::string finish();
  bool stopped() const { return stopped_; }

 private:
  std::vector<std::string> stops_;
  std::string waiting_;  // the beginning of a stop, perhaps
  bool stopped_ = false;
};

}  // namespace ordo::lm
