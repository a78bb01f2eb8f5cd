// Which core runs a program, and what all cores do alike.
#include <algorithm>

#include "ordo/machine/rmc_core.h"

namespace ordo::machine::rmc {
namespace {

std::unique_ptr<Core> core_by_shape(const CoreInput& input) {
  const RunOptions& options = input.options;
  if (options.core == CoreChoice::general || options.search == Search::dfs ||
      options.max_depth != 0 || options.arithmetic == Arithmetic::on) {
    return nullptr;
  }
  if (auto core = words_core(input)) return core;
  return vectors_core(input);
}

// The memory with a stream's items on top of what it held.
Memory with_stream(const Memory& memory, const StackStream& stream) {
  Memory all = memory;
  auto entry = std::find_if(all.begin(), all.end(),
                            [&](const MemoryEntry& e) { return e.location == stream.location; });
  if (entry == all.end()) entry = all.insert(all.end(), {stream.location, {}});
  const auto below = static_cast<std::ptrdiff_t>(entry->items.size());
  while (const auto item = stream.next()) entry->items.push_back(*item);
  std::reverse(entry->items.begin() + below, entry->items.end());
  return all;
}

std::unique_ptr<Core> make_core(const CoreInput& input) {
  if (auto core = core_by_shape(input)) return core;
  if (!input.stream.next) return general_core(input);
  const Memory memory = with_stream(input.memory, input.stream);
  return general_core({input.terms, input.program, memory, {}, input.options, input.context});
}

}  // namespace

Watch::Watch(const RunOptions& options, Context& context)
    : limits_(options.limits), context_(context) {
  if (options.timeout <= 0) return;
  using Clock = std::chrono::steady_clock;
  deadline_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                 std::chrono::duration<double>(options.timeout));
}

Limit Watch::look(std::uint64_t steps, std::uint64_t bytes) const {
  context_.check_stop();
  if (steps >= limits_.steps()) return Limit::steps;
  if (bytes > limits_.memory_bytes()) return Limit::memory;
  if (std::chrono::steady_clock::now() > deadline_) return Limit::time;
  return Limit::none;
}

ResultStream::ResultStream(Terms& terms, ProgramId program, const Memory& memory,
                           const RunOptions& options, Context& context, StackStream stream)
    : core_(make_core({terms, program, memory, std::move(stream), options, context})) {}
ResultStream::ResultStream(ResultStream&&) noexcept = default;
ResultStream::~ResultStream() = default;
bool ResultStream::next() { return core_->next(); }
Answer ResultStream::answer() { return core_->answer(); }
Limit ResultStream::limit() const { return core_->limit(); }
RunCounts ResultStream::counts() const { return core_->counts(); }
std::string ResultStream::plan() const { return core_->plan(); }
std::string ResultStream::state() const { return core_->state(); }

RunResult run(Terms& terms, ProgramId program, const Memory& memory, const RunOptions& options,
              Context& context) {
  ResultStream stream(terms, program, memory, options, context);
  RunResult result;
  while (stream.next()) result.answers.push_back(stream.answer());
  result.limit = stream.limit();
  result.counts = stream.counts();
  return result;
}

}  // namespace ordo::machine::rmc
