#include "ordo/lm/score.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/lm/layers.h"
#include "ordo/lm/token_loss.h"

namespace ordo::lm {
namespace {

using torch::Tensor;
using Tokens = std::vector<std::int64_t>;

Tensor as_row(std::span<const std::int64_t> tokens, const Model& model) {
  return torch::tensor(Tokens(tokens.begin(), tokens.end()), torch::kInt64)
      .unsqueeze(0)
      .to(model.device());
}

// The losses of windows [rows, tokens], summed for each.
std::vector<double> losses(Model& model, const Tensor& windows) {
  const std::int64_t length = windows.size(1);
  const Tensor hidden = model.hidden({.tokens = windows.narrow(1, 0, length - 1)});
  const Tensor each = token_log_probabilities(model, hidden.flatten(0, 1),
                                              windows.narrow(1, 1, length - 1).flatten());
  const Tensor sums =
      each.to(torch::kFloat64).view({windows.size(0), length - 1}).sum(1).neg().cpu();
  return {sums.const_data_ptr<double>(), sums.const_data_ptr<double>() + sums.numel()};
}

// What is read of a continuation: all but its last token, without what does not fit.
Tokens readable(const Continuation& one, std::int64_t context) {
  Tokens tokens = one.before;
  tokens.insert(tokens.end(), one.tokens.begin(), one.tokens.end() - 1);
  const auto most = static_cast<std::size_t>(context);
  if (tokens.size() > most) {
    tokens.erase(tokens.begin(), tokens.end() - static_cast<std::ptrdiff_t>(most));
  }
  return tokens;
}

void require_readable(const Continuation& one, std::int64_t context) {
  if (one.before.empty() || one.tokens.empty()) {
    throw UsageError("an answer and what comes before it need a token each");
  }
  if (std::cmp_greater(one.tokens.size(), context)) {
    throw UsageError(fmt::format("an answer of {} tokens does not fit into a context of {}",
                                 one.tokens.size(), context));
  }
}

}  // namespace

std::vector<double> log_probabilities(Model& model, std::span<const std::int64_t> tokens) {
  if (tokens.size() < 2) throw UsageError("expected at least 2 tokens: the first is not scored");
  const torch::NoGradGuard no_grad;
  const Tensor row = as_row(tokens, model);
  const std::int64_t scored = row.size(1) - 1;
  const Tensor hidden = model.hidden({.tokens = row.narrow(1, 0, scored)});
  const Tensor each = token_log_probabilities(model, hidden[0], row[0].narrow(0, 1, scored))
                          .to(torch::kCPU, torch::kFloat64);
  return {each.const_data_ptr<double>(), each.const_data_ptr<double>() + each.numel()};
}

Perplexity perplexity(Model& model, std::span<const std::int64_t> tokens,
                      const PerplexityOptions& options, Context& context) {
  if (tokens.size() < 2) throw UsageError("expected at least 2 tokens: the first is not scored");
  const torch::NoGradGuard no_grad;
  const auto size = static_cast<std::int64_t>(tokens.size());
  const std::int64_t wanted = options.window > 0 ? options.window : model.config().positions;
  const std::int64_t window = std::min(wanted, size);
  if (window < 2) throw UsageError("a window needs at least 2 tokens: the first is not scored");
  Perplexity result{.windows = size / window};
  result.tokens = result.windows * (window - 1);
  const Tensor all =
      as_row(tokens, model).narrow(1, 0, result.windows * window).view({result.windows, window});
  double sum = 0;
  for (std::int64_t begin = 0; begin < result.windows; begin += options.batch) {
    context.check_stop();
    const std::int64_t rows = std::min(options.batch, result.windows - begin);
    for (const double loss : losses(model, all.narrow(0, begin, rows))) sum += loss;
    context.progress("reading", static_cast<double>(begin + rows),
                     static_cast<double>(result.windows), "windows");
  }
  result.mean_loss = sum / static_cast<double>(result.tokens);
  result.perplexity = std::exp(result.mean_loss);
  return result;
}

std::vector<ContinuationScore> score_continuations(Model& model,
                                                   std::span<const Continuation> continuations,
                                                   std::int64_t batch, Context& context) {
  const torch::NoGradGuard no_grad;
  const std::int64_t room = model.config().positions;
  std::vector<std::size_t> order(continuations.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (const Continuation& one : continuations) require_readable(one, room);
  const auto length = [&](std::size_t one) {
    return continuations[one].before.size() + continuations[one].tokens.size();
  };
  std::ranges::stable_sort(order, std::ranges::greater(), length);

  std::vector<ContinuationScore> scores(continuations.size());
  const auto step = static_cast<std::size_t>(batch);
  for (std::size_t begin = 0; begin < order.size(); begin += step) {
    context.check_stop();
    const std::size_t end = std::min(begin + step, order.size());
    std::vector<Tokens> rows;
    for (std::size_t place = begin; place < end; ++place) {
      rows.push_back(readable(continuations[order[place]], room));
    }
    Input input = pad(rows, Side::left);
    input.tokens = input.tokens.to(model.device());
    if (input.real.defined()) input.real = input.real.to(model.device());
    const Tensor hidden = model.hidden(input);
    for (std::size_t place = begin; place < end; ++place) {
      const Tokens& answer = continuations[order[place]].tokens;
      const auto size = static_cast<std::int64_t>(answer.size());
      const Tensor states =
          hidden[static_cast<std::int64_t>(place - begin)].narrow(0, hidden.size(1) - size, size);
      const Tensor logits = model.head(states);
      const Tensor targets = as_row(answer, model)[0];
      const Tensor each =
          logits.to(wide(logits.scalar_type())).log_softmax(-1).gather(1, targets.unsqueeze(1));
      scores[order[place]] = {.log_probability = each.to(torch::kFloat64).sum().item<double>(),
                              .is_greedy = logits.argmax(-1).eq(targets).all().item<bool>()};
    }
    context.progress("scoring", static_cast<double>(end), static_cast<double>(order.size()),
                     "answers");
  }
  return scores;
}

}  // namespace ordo::lm
