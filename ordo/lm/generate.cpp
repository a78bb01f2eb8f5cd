#include "ordo/lm/generate.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/lm/fused.h"
#include "ordo/lm/next_scores.h"

namespace ordo::lm {
namespace {

using torch::Tensor;
using Tokens = std::vector<std::int64_t>;

// The texts of a batch that are still growing.
class Batch {
 public:
  // `reading` must be fresh for more than one request.
  Batch(Model& model, const std::vector<Request>& requests, const GenerateOptions& options,
        Reading& reading)
      : model_(model),
        requests_(requests),
        options_(options),
        reading_(reading),
        cache_(reading.cache),
        results_(requests.size()) {
    for (std::size_t request = 0; request < requests.size(); ++request) {
      if (requests[request].prompt.empty()) {
        throw UsageError(
            fmt::format("prompt {} is empty; begin it with the model's first token", request + 1));
      }
      streams_.emplace_back(requests[request].seed);
      if (options.max_tokens > 0) growing_.push_back(request);
    }
    if (!growing_.empty()) read_anew();
  }

  bool is_done() const { return growing_.empty(); }
  std::vector<Generated> results() { return std::move(results_); }

  void step(const TokenReceiver& receiver) {
    const Tensor norms = log_sum_exp(scores_).cpu();
    Tokens next;
    std::vector<std::size_t> still;
    Tokens rows;
    for (std::size_t row = 0; row < growing_.size(); ++row) {
      const std::size_t request = growing_[row];
      const auto token =
          choose(row, norms[static_cast<std::int64_t>(row)].item<double>(), receiver);
      if (!token) continue;
      next.push_back(*token);
      still.push_back(request);
      rows.push_back(static_cast<std::int64_t>(row));
    }
    const bool some_ended = still.size() < growing_.size();
    growing_ = std::move(still);
    if (growing_.empty()) return;
    if (outgrown()) {
      read_anew();
      return;
    }
    if (some_ended) select_rows(cache_, rows, model_);
    scores_ = next_scores(model_, next, cache_);
    if (requests_.size() == 1) reading_.tokens.push_back(next.front());
  }

 private:
  // The next token of a row whose scores' e^x sum up to e^log_sum; nothing if its text has ended.
  std::optional<std::int64_t> choose(std::size_t row, double log_sum,
                                     const TokenReceiver& receiver) {
    const std::size_t request = growing_[row];
    Generated& result = results_[request];
    const Tensor scores = scores_[static_cast<std::int64_t>(row)];
    const std::int64_t token =
        next_token(scores, {.prompt = requests_[request].prompt, .text = result.tokens},
                   options_.sampling, streams_[request]);
    result.log_probability += scores[token].item<double>() - log_sum;
    if (is_end(options_.end_tokens, token)) {
      result.end = Generated::End::token;
      return std::nullopt;
    }
    result.tokens.push_back(token);
    if (receiver && !receiver(request, token)) {
      result.end = Generated::End::receiver;
      return std::nullopt;
    }
    const bool is_full = std::cmp_equal(result.tokens.size(), options_.max_tokens);
    return is_full ? std::nullopt : std::optional(token);
  }

  // Where the model's context ends, or that of an earlier row which made the cache long.
  bool outgrown() const { return cache_.length() >= model_.config().positions; }

  // Reads prompts and texts from their beginning, or what fits of them.
  void read_anew() {
    const auto context = static_cast<std::size_t>(model_.config().positions);
    std::vector<Tokens> all;
    std::size_t longest = 0;
    for (const std::size_t request : growing_) {
      all.push_back(requests_[request].prompt);
      const Tokens& text = results_[request].tokens;
      all.back().insert(all.back().end(), text.begin(), text.end());
      longest = std::max(longest, all.back().size());
    }
    if (options_.overflow == Overflow::refuse) require_room(model_, longest, "prompt and text");
    if (longest > context) {
      const std::size_t keep = std::max<std::size_t>(1, context / 2);
      for (Tokens& tokens : all) {
        if (tokens.size() <= keep) continue;
        tokens.erase(tokens.begin(), tokens.end() - static_cast<std::ptrdiff_t>(keep));
      }
    }
    if (requests_.size() == 1) {
      read_on(all.front());
    } else {
      cache_.truncate(0);
      scores_ = next_scores(model_, pad(all, Side::left), cache_);
    }
  }

  // Reads a text alone, less what was read of it before; its last token is read in any case.
  void read_on(const Tokens& text) {
    const auto differ = std::ranges::mismatch(reading_.tokens, text);
    const auto same = std::min<std::ptrdiff_t>(differ.in2 - text.begin(), std::ssize(text) - 1);
    cache_.truncate(same);
    reading_.tokens.resize(static_cast<std::size_t>(same));
    scores_ =
        next_scores(model_, pad({Tokens(text.begin() + same, text.end())}, Side::left), cache_);
    reading_.tokens = text;
  }

  Model& model_;
  const std::vector<Request>& requests_;
  const GenerateOptions& options_;
  Reading& reading_;  // its tokens are those of a request alone
  Cache& cache_;
  std::vector<Generated> results_;
  std::vector<Random> streams_;
  std::vector<std::size_t> growing_;  // requests, in the order of the cache's rows
  Tensor scores_;                     // [rows, vocabulary]
};

}  // namespace

std::string to_string(Generated::End end) {
  switch (end) {
    case Generated::End::token:
      return "token";
    case Generated::End::limit:
      return "limit";
    case Generated::End::receiver:
      return "receiver";
  }
  return {};
}

std::vector<Generated> generate(Model& model, const std::vector<Request>& requests,
                                const GenerateOptions& options, Context& context,
                                const TokenReceiver& receiver, Reading* reading) {
  if (reading != nullptr && requests.size() != 1) {
    throw UsageError(
        fmt::format("a reading is of one text, but there are {} prompts", requests.size()));
  }
  const torch::NoGradGuard no_grad;
  Reading fresh(model.config());
  Batch batch(model, requests, options, reading != nullptr ? *reading : fresh);
  while (!batch.is_done()) {
    context.check_stop();
    batch.step(receiver);
  }
  return batch.results();
}

}  // namespace ordo::lm
