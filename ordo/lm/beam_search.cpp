#include "ordo/lm/beam_search.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/lm/next_scores.h"

namespace ordo::lm {
namespace {

using torch::Tensor;

struct Candidate {
  Generated text;
  double score = 0;
};

class Search {
 public:
  Search(Model& model, const std::vector<std::int64_t>& prompt, const BeamOptions& options)
      : model_(model), options_(options), cache_(model.config()), alive_(1) {
    scores_ = next_scores(model, pad({prompt}, Side::left), cache_);
  }

  bool is_done() const { return alive_.empty() || step_ == options_.max_tokens; }

  void step() {
    ++step_;
    std::vector<std::int64_t> rows = grow();
    if (cannot_improve()) alive_.clear();
    if (is_done()) return;
    std::vector<std::int64_t> tokens;
    for (const Candidate& one : alive_) tokens.push_back(one.text.tokens.back());
    select_rows(cache_, rows, model_);
    scores_ = next_scores(model_, tokens, cache_);
  }

  std::vector<Generated> best() {
    std::ranges::move(alive_, std::back_inserter(ended_));
    std::ranges::stable_sort(ended_, std::ranges::greater(), &Candidate::score);
    ended_.resize(std::min(ended_.size(), beams()));
    std::vector<Generated> texts;
    for (Candidate& one : ended_) texts.push_back(std::move(one.text));
    return texts;
  }

 private:
  std::size_t beams() const { return static_cast<std::size_t>(options_.beams); }
  double score_of(double log_probability, std::int64_t tokens) const {
    return log_probability / std::pow(static_cast<double>(tokens), options_.length_penalty);
  }

  // Replaces the candidates by their best continuations; the row that each comes from.
  std::vector<std::int64_t> grow() {
    Tensor sums = scores_.to(torch::kFloat64).log_softmax(-1).cpu();
    for (std::size_t row = 0; row < alive_.size(); ++row) {
      sums[static_cast<std::int64_t>(row)] += alive_[row].text.log_probability;
    }
    // So many that `beams` are left when all that can end do.
    const auto ends = static_cast<std::int64_t>(options_.end_tokens.size());
    const std::int64_t count = std::min(options_.beams * (1 + ends), sums.numel());
    const auto [values, places] = sums.flatten().topk(count);
    std::vector<Candidate> grown;
    std::vector<std::int64_t> rows;
    for (std::int64_t rank = 0; rank < count && grown.size() < beams(); ++rank) {
      const auto place = places[rank].item<std::int64_t>();
      const std::int64_t row = place / sums.size(1), token = place % sums.size(1);
      Candidate next = alive_[static_cast<std::size_t>(row)];
      next.text.log_probability = values[rank].item<double>();
      next.score = score_of(next.text.log_probability, step_);
      if (is_end(options_.end_tokens, token)) {
        next.text.end = Generated::End::token;
        ended_.push_back(std::move(next));
        continue;
      }
      next.text.tokens.push_back(token);
      grown.push_back(std::move(next));
      rows.push_back(row);
    }
    alive_ = std::move(grown);
    return rows;
  }

  // Log probabilities only fall: the most that a candidate can reach is its sum of now, spread over
  // as many tokens as it may have.
  bool cannot_improve() const {
    if (ended_.size() < beams() || alive_.empty()) return false;
    std::vector<double> scores;
    for (const Candidate& one : ended_) scores.push_back(one.score);
    std::ranges::nth_element(scores, scores.begin() + options_.beams - 1, std::ranges::greater());
    const std::int64_t tokens = options_.length_penalty > 0 ? options_.max_tokens : step_ + 1;
    return score_of(alive_[0].text.log_probability, tokens) <= scores[beams() - 1];
  }

  Model& model_;
  const BeamOptions& options_;
  Cache cache_;
  std::vector<Candidate> alive_, ended_;
  Tensor scores_;  // [candidates, vocabulary]
  std::int64_t step_ = 0;
};

}  // namespace

std::vector<Generated> beam_search(Model& model, const std::vector<std::int64_t>& prompt,
                                   const BeamOptions& options, Context& context) {
  if (prompt.empty())
    throw UsageError("the prompt is empty; begin it with the model's first token");
  if (options.beams < 1 || options.max_tokens < 1) {
    throw UsageError("a beam search needs at least one beam and one token");
  }
  require_room(model, prompt.size() + static_cast<std::size_t>(options.max_tokens),
               "prompt and text");
  const torch::NoGradGuard no_grad;
  Search search(model, prompt, options);
  while (!search.is_done()) {
    context.check_stop();
    search.step();
  }
  return search.best();
}

}  // namespace ordo::lm
