#include "ordo/lm/stop_filter.h"

#include <algorithm>
#include <utility>

namespace ordo::lm {
namespace {

// Whether `stop` may begin with all of `end`.
bool may_become(std::string_view end, const std::string& stop) {
  return end.size() < stop.size() && stop.starts_with(end);
}

}  // namespace

std::string StopFilter::push(std::string_view piece) {
  if (stopped_) return {};
  waiting_ += piece;
  std::size_t first = std::string::npos;
  for (const std::string& stop : stops_) first = std::min(first, waiting_.find(stop));
  if (first != std::string::npos) {
    stopped_ = true;
    waiting_.erase(first);
    return std::exchange(waiting_, {});
  }
  std::size_t longest = 0;
  for (const std::string& stop : stops_) longest = std::max(longest, stop.size());
  std::size_t certain = waiting_.size() - std::min(waiting_.size(), longest);
  const auto waits = [&](std::size_t from) {
    const std::string_view end = std::string_view(waiting_).substr(from);
    return std::ranges::any_of(stops_,
                               [&](const std::string& stop) { return may_become(end, stop); });
  };
  while (certain < waiting_.size() && !waits(certain)) ++certain;
  std::string text = waiting_.substr(0, certain);
  waiting_.erase(0, certain);
  return text;
}

std::string StopFilter::finish() { return std::exchange(waiting_, {}); }

}  // namespace ordo::lm
