// Sampling, generation, beam search and scores, against brute force and the package `transformers`.
#include "ordo/lm/generate.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/lm/beam_search.h"
#include "ordo/lm/lm_testing.h"
#include "ordo/lm/score.h"

namespace ordo::lm {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pointwise;
using testing::ThrowsMessage;
using torch::Tensor;
using Tokens = std::vector<std::int64_t>;

Tensor logs(std::vector<double> probabilities) {
  return torch::tensor(probabilities, torch::kFloat64).log();
}
auto near(const std::vector<double>& expected) { return Pointwise(DoubleNear(1e-12), expected); }

TEST(Sampling, CutsAndRenormalises) {
  const Tensor logits = logs({0.1, 0.4, 0.2, 0.3});
  const auto probabilities = [&](const SamplingOptions& options) {
    return next_probabilities(logits, {}, options);
  };
  EXPECT_THAT(probabilities({}), near({0.1, 0.4, 0.2, 0.3}));
  EXPECT_THAT(probabilities({.temperature = 0}), near({0, 1, 0, 0}));
  EXPECT_THAT(probabilities({.temperature = 0.5}),
              near({0.01 / 0.3, 0.16 / 0.3, 0.04 / 0.3, 0.09 / 0.3}));
  EXPECT_THAT(probabilities({.top_k = 2}), near({0, 4.0 / 7, 0, 3.0 / 7}));
  EXPECT_THAT(probabilities({.top_p = 0.65}), near({0, 4.0 / 7, 0, 3.0 / 7}));
  EXPECT_THAT(probabilities({.top_p = 0.75}), near({0, 4.0 / 9, 2.0 / 9, 3.0 / 9}));
  EXPECT_THAT(probabilities({.top_p = 0}), near({0, 1, 0, 0}));
  EXPECT_THAT(probabilities({.min_p = 0.45}), near({0, 4.0 / 9, 2.0 / 9, 3.0 / 9}));
  EXPECT_THAT(probabilities({.min_p = 1}), near({0, 1, 0, 0}));
  // Top-p acts on what top-k left: 4/9 + 3/9 is more than 0.7.
  EXPECT_THAT(probabilities({.top_k = 3, .top_p = 0.7}), near({0, 4.0 / 7, 0, 3.0 / 7}));
}

// Many tokens, some as likely as others, against sorting them all.
TEST(Sampling, KeepsTheBestOfManyAndOfEqualsTheFirst) {
  std::vector<double> probabilities(1000);
  double sum = 0;
  for (std::size_t token = 0; token < probabilities.size(); ++token) {
    sum += probabilities[token] = 1 + static_cast<double>(token * 7919 % 97);
  }
  for (double& probability : probabilities) probability /= sum;
  std::vector<std::size_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater(),
                           [&](std::size_t token) { return probabilities[token]; });
  for (const std::size_t count : std::vector<std::size_t>{1, 63, 64, 65, 300, 999, 1000}) {
    std::vector<double> expected(probabilities.size());
    double kept = 0;
    for (std::size_t rank = 0; rank < count; ++rank) kept += probabilities[order[rank]];
    for (std::size_t rank = 0; rank < count; ++rank) {
      expected[order[rank]] = probabilities[order[rank]] / kept;
    }
    const Tensor logits = logs(probabilities);
    EXPECT_THAT(next_probabilities(logits, {}, {.top_k = static_cast<std::int64_t>(count)}),
                near(expected));
    const double before = kept - probabilities[order[count - 1]] / 2;
    EXPECT_THAT(next_probabilities(logits, {}, {.top_p = before}), near(expected));
  }
}

TEST(Sampling, PenalisesWhatWasThere) {
  const Tensor logits = torch::tensor({2.0, -1.0, 0.5, 0.0}, torch::kFloat64);
  const Tokens prompt = {0}, text = {1, 1, 2};
  const auto expected = [](std::vector<double> changed) {
    double sum = 0;
    for (double& logit : changed) sum += logit = std::exp(logit);
    for (double& logit : changed) logit /= sum;
    return changed;
  };
  EXPECT_THAT(next_probabilities(logits, {prompt, text}, {.repetition_penalty = 2}),
              near(expected({1, -2, 0.25, 0})));
  EXPECT_THAT(next_probabilities(logits, {prompt, text},
                                 {.presence_penalty = 0.3, .frequency_penalty = 0.1}),
              near(expected({2, -1.5, 0.1, 0})));
}

TEST(Sampling, DrawsAsOftenAsProbabilitiesSay) {
  const Tensor logits = logs({0.1, 0.4, 0.2, 0.3});
  std::vector<double> counts(4);
  constexpr int kDraws = 20000;
  for (int draw = 0; draw < kDraws; ++draw) {
    ++counts[static_cast<std::size_t>(
        next_token(logits, {}, {}, Random(static_cast<std::uint64_t>(draw))))];
  }
  const double expected[] = {0.1, 0.4, 0.2, 0.3};
  for (std::size_t token = 0; token < 4; ++token) {
    // Five standard deviations of a binomial count.
    const double deviation = std::sqrt(kDraws * expected[token] * (1 - expected[token]));
    EXPECT_NEAR(counts[token], kDraws * expected[token], 5 * deviation);
  }
  EXPECT_EQ(next_token(logs({0, 0, 1, 0}), {}, {}, Random(1)), 2);
  const Tensor damaged = torch::tensor({0.0, std::nan("")}, torch::kFloat64);
  EXPECT_THROW(next_token(damaged, {}, {}, Random(1)), NumericError);
}

class Generating : public testing::Test {
 protected:
  std::shared_ptr<Model> model_ = golden_model("llama", {{"max_position_embeddings", 64}});
  Context context_;
};

GenerateOptions greedy(std::int64_t tokens) {
  return {.max_tokens = tokens, .sampling = {.temperature = 0}};
}

TEST_F(Generating, GreedilyEqualsTransformers) {
  for (const char* name : {"llama", "mistral", "qwen2", "qwen3", "gpt2", "gpt-neox"}) {
    // Room for the text; without scaling nothing else depends on it.
    const auto model = golden_model(name, {{"max_position_embeddings", 64}});
    const Tokens text = as_vector(golden_tensors(name)["greedy"]);
    const auto found =
        generate(*model, {{.prompt = {text.begin(), text.begin() + 8}}}, greedy(24), context_);
    EXPECT_EQ(found[0].tokens, Tokens(text.begin() + 8, text.end())) << name;
    EXPECT_EQ(found[0].end, Generated::End::limit);
  }
}

TEST_F(Generating, ATextDependsOnItsSeedAndNotOnItsNeighbours) {
  const std::vector<Request> requests = {
      {{1, 2, 3}, 5}, {{4}, 6}, {{1, 2, 3}, 7}, {{9, 8, 7, 6, 5}, 5}, {{1, 2, 3}, 5}};
  const GenerateOptions options{.max_tokens = 20};
  const auto together = generate(*model_, requests, options, context_);
  EXPECT_EQ(together[0].tokens, together[4].tokens);
  EXPECT_NE(together[0].tokens, together[2].tokens);
  for (std::size_t request = 0; request < requests.size(); ++request) {
    const auto alone = generate(*model_, {requests[request]}, options, context_);
    EXPECT_EQ(alone[0].tokens, together[request].tokens) << request;
    EXPECT_NEAR(alone[0].log_probability, together[request].log_probability, 1e-9);
  }
}

// End tokens leave the batch at different times; the others go on as if alone.
TEST_F(Generating, EndsAtEndTokensAndWhenTheReceiverSaysSo) {
  const std::vector<Request> requests = {{{1, 2, 3}, 1}, {{4, 5}, 2}, {{6}, 3}, {{7, 8}, 4}};
  GenerateOptions options{.max_tokens = 25};
  const auto free = generate(*model_, requests, options, context_);
  options.end_tokens = {free[0].tokens[5], free[1].tokens[10]};
  const auto ended = generate(*model_, requests, options, context_);
  std::size_t stopped = 0;
  for (std::size_t request = 0; request < requests.size(); ++request) {
    const Tokens& all = free[request].tokens;
    const auto end = std::ranges::find_first_of(all, options.end_tokens);
    EXPECT_EQ(ended[request].tokens, Tokens(all.begin(), end));
    EXPECT_EQ(ended[request].end, end == all.end() ? Generated::End::limit : Generated::End::token);
    stopped += end != all.end();
  }
  EXPECT_GE(stopped, 2U);

  std::vector<Tokens> received(requests.size());
  const auto cut = generate(*model_, requests, {.max_tokens = 25}, context_,
                            [&](std::size_t request, std::int64_t token) {
                              received[request].push_back(token);
                              return received[request].size() < 3 + request;
                            });
  for (std::size_t request = 0; request < requests.size(); ++request) {
    EXPECT_EQ(cut[request].tokens, received[request]);
    EXPECT_EQ(received[request].size(), 3 + request);
    EXPECT_EQ(cut[request].end, Generated::End::receiver);
  }
}

TEST_F(Generating, LogProbabilitiesAreThoseOfTheText) {
  const Tokens prompt = {3, 1, 4};
  const auto found =
      generate(*model_, {{prompt, 9}},
               {.max_tokens = 12, .sampling = {.temperature = 0.7, .top_k = 5}}, context_);
  Tokens all = prompt;
  all.insert(all.end(), found[0].tokens.begin(), found[0].tokens.end());
  const std::vector<double> each = log_probabilities(*model_, all);
  EXPECT_NEAR(std::accumulate(each.begin() + 2, each.end(), 0.0), found[0].log_probability, 1e-9);
}

TEST_F(Generating, BeyondTheContextIsRefusedOrSlides) {
  const Request request{Tokens(60, 1), 1};
  EXPECT_THAT([&] { generate(*model_, {request}, greedy(10), context_); },
              ThrowsMessage<LimitError>(HasSubstr("the model was made for 64")));
  GenerateOptions options = greedy(10);
  options.overflow = Overflow::slide;
  const auto found = generate(*model_, {request}, options, context_);
  ASSERT_EQ(found[0].tokens.size(), 10U);
  // 60 and 4 tokens fill the context; then the last 32 of 65 are read anew.
  Tokens all = request.prompt;
  for (std::size_t step = 0; step < 10; ++step) {
    const Tokens seen = step <= 4 ? all : Tokens(all.begin() + 65 - 32, all.end());
    const torch::NoGradGuard no_grad;
    const Tensor logits = model_->forward(pad({seen}, Side::left));
    EXPECT_EQ(logits[0][-1].argmax().item<std::int64_t>(), found[0].tokens[step]) << step;
    all.push_back(found[0].tokens[step]);
  }
}

TEST_F(Generating, ReadsOnWhereItHasReadBefore) {
  const GenerateOptions options = greedy(5);
  Reading reading(model_->config());
  Tokens said = {3, 1, 4};
  for (int turn = 0; turn < 3; ++turn) {
    const auto anew = generate(*model_, {{said, 0}}, options, context_);
    const auto on = generate(*model_, {{said, 0}}, options, context_, {}, &reading);
    EXPECT_EQ(on[0].tokens, anew[0].tokens) << turn;
    EXPECT_NEAR(on[0].log_probability, anew[0].log_probability, 1e-10) << turn;
    // All but the last token, which nobody has gone on from.
    said.insert(said.end(), on[0].tokens.begin(), on[0].tokens.end());
    EXPECT_EQ(reading.tokens, Tokens(said.begin(), said.end() - 1));
    EXPECT_EQ(reading.cache.length(), std::ssize(reading.tokens));
    if (turn == 1) said[2] = 5;  // somebody changed what was said
    said.push_back(9);
  }
  // It is taken at its word: what it holds is not read again.
  const auto right = generate(*model_, {{said, 0}}, options, context_);
  Reading other(model_->config());
  generate(*model_, {{Tokens(said.size(), 7), 0}}, options, context_, {}, &other);
  other.tokens = said;
  other.cache.truncate(std::ssize(said));
  EXPECT_NE(generate(*model_, {{said, 0}}, options, context_, {}, &other)[0].log_probability,
            right[0].log_probability);
  EXPECT_THAT([&] { generate(*model_, {{said, 0}, {said, 1}}, options, context_, {}, &other); },
              ThrowsMessage<UsageError>(HasSubstr("2 prompts")));
}

TEST_F(Generating, StopsWhenAsked) {
  StopSource source;
  context_.stop = source.token();
  EXPECT_THROW(generate(*model_, {{{1}, 1}}, {.max_tokens = 50}, context_,
                        [&](std::size_t, std::int64_t) {
                          source.request_stop();
                          return true;
                        }),
               Interrupted);
  context_.stop = {};
  EXPECT_THROW(generate(*model_, {{{}, 1}}, {}, context_), UsageError);
  EXPECT_THAT(generate(*model_, {{{1}, 1}}, {.max_tokens = 0}, context_)[0].tokens, ElementsAre());
  EXPECT_TRUE(generate(*model_, {}, {}, context_).empty());
}

// With as many beams as there are tokens, two steps see all 1024 texts.
TEST_F(Generating, BeamsFindTheBestOfAllTexts) {
  const Tokens prompt = {2, 7, 1};
  const torch::NoGradGuard no_grad;
  double best = -INFINITY;
  Tokens best_text;
  const Tensor first = model_->forward(pad({prompt}, Side::left))[0][-1].log_softmax(-1);
  for (std::int64_t one = 0; one < 32; ++one) {
    Tokens longer = prompt;
    longer.push_back(one);
    const Tensor second = model_->forward(pad({longer}, Side::left))[0][-1].log_softmax(-1);
    const double sum = (first[one] + second.max()).item<double>();
    if (sum > best) best_text = {one, second.argmax().item<std::int64_t>()};
    best = std::max(best, sum);
  }
  const auto found = beam_search(*model_, prompt, {.beams = 32, .max_tokens = 2}, context_);
  ASSERT_EQ(found.size(), 32U);
  EXPECT_EQ(found[0].tokens, best_text);
  EXPECT_NEAR(found[0].log_probability, best, 1e-9);
  const auto alone = beam_search(*model_, prompt, {.beams = 1, .max_tokens = 15}, context_);
  EXPECT_EQ(alone[0].tokens, generate(*model_, {{prompt, 0}}, greedy(15), context_)[0].tokens);
}

// Every text that ends with token 5 or has three tokens, by brute force over 32 beams.
TEST_F(Generating, BeamsCompareTextsOfDifferentLength) {
  const Tokens prompt = {2, 7, 1};
  const auto found = beam_search(
      *model_, prompt, {.beams = 32, .max_tokens = 2, .length_penalty = 0.5, .end_tokens = {5}},
      context_);
  const torch::NoGradGuard no_grad;
  const Tensor first = model_->forward(pad({prompt}, Side::left))[0][-1].log_softmax(-1);
  std::vector<double> scores = {first[5].item<double>()};
  for (std::int64_t one = 0; one < 32; ++one) {
    if (one == 5) continue;
    Tokens longer = prompt;
    longer.push_back(one);
    const Tensor second = model_->forward(pad({longer}, Side::left))[0][-1].log_softmax(-1);
    for (std::int64_t two = 0; two < 32; ++two) {
      scores.push_back((first[one] + second[two]).item<double>() / std::sqrt(2));
    }
  }
  std::ranges::sort(scores, std::ranges::greater());
  for (std::size_t rank = 0; rank < found.size(); ++rank) {
    const double length = static_cast<double>(found[rank].tokens.size()) +
                          (found[rank].end == Generated::End::token ? 1 : 0);
    EXPECT_NEAR(found[rank].log_probability / std::sqrt(length), scores[rank], 1e-9) << rank;
  }
}

TEST(Scores, AreLogSoftmaxOfTheLogits) {
  const torch::NoGradGuard no_grad;
  const auto model = golden_model("llama");
  auto golden = golden_tensors("llama");
  const Tokens text = as_vector(golden["tokens"]);
  const std::vector<double> found = log_probabilities(*model, text);
  const Tensor expected = golden["logits"][0].log_softmax(-1);
  ASSERT_EQ(found.size(), 39U);
  for (std::int64_t place = 0; place < 39; ++place) {
    EXPECT_NEAR(found[static_cast<std::size_t>(place)],
                expected[place][text[static_cast<std::size_t>(place) + 1]].item<double>(), 1e-9);
  }
  EXPECT_THROW(log_probabilities(*model, Tokens{1}), UsageError);
}

TEST(Scores, PerplexityIsThatOfWholeWindows) {
  const auto model = golden_model("llama");
  const Tokens text = as_vector(golden_tensors("llama")["tokens"]);
  Context context;
  for (const std::int64_t batch : {1, 2, 5}) {
    const Perplexity found = perplexity(*model, text, {.window = 12, .batch = batch}, context);
    EXPECT_EQ(found.windows, 3);
    EXPECT_EQ(found.tokens, 33);
    double sum = 0;
    for (std::size_t window = 0; window < 3; ++window) {
      const auto each = log_probabilities(*model, std::span(text).subspan(12 * window, 12));
      sum -= std::accumulate(each.begin(), each.end(), 0.0);
    }
    EXPECT_NEAR(found.perplexity, std::exp(sum / 33), 1e-9);
  }
  EXPECT_EQ(perplexity(*model, std::span(text).first(5), {}, context).windows, 1);
  EXPECT_THROW(perplexity(*model, std::span(text).first(1), {}, context), UsageError);
  EXPECT_THROW(perplexity(*model, text, {.window = 1}, context), UsageError);
}

TEST(Scores, OfContinuationsAreThoseOfTheTextsAlone) {
  const auto model = golden_model("llama");  // a context of 24
  const Tokens text = as_vector(golden_tensors("llama")["tokens"]);
  Context context;
  std::vector<Continuation> all;
  for (const auto& [before, tokens] :
       {std::pair(3, 2), std::pair(10, 1), std::pair(1, 7), std::pair(22, 3), std::pair(5, 4)}) {
    all.push_back({Tokens(text.begin(), text.begin() + before),
                   Tokens(text.begin() + before, text.begin() + before + tokens)});
  }
  all.push_back(
      {Tokens(text.begin(), text.begin() + 30), Tokens(text.begin() + 30, text.begin() + 33)});
  for (const std::int64_t batch : {1, 3, 8}) {
    const auto found = score_continuations(*model, all, batch, context);
    for (std::size_t one = 0; one < all.size(); ++one) {
      Tokens whole = all[one].before;
      whole.insert(whole.end(), all[one].tokens.begin(), all[one].tokens.end());
      // What does not fit loses its beginning: 24 tokens are read for the last one.
      if (whole.size() > 25) whole.erase(whole.begin(), whole.end() - 25);
      const auto each = log_probabilities(*model, whole);
      EXPECT_NEAR(found[one].log_probability,
                  std::accumulate(each.end() - static_cast<std::ptrdiff_t>(all[one].tokens.size()),
                                  each.end(), 0.0),
                  1e-9);
    }
  }
  // A text that the model wrote greedily is greedy.
  const Tokens greedy_text = as_vector(golden_tensors("llama")["greedy"]);
  const Continuation own = {Tokens(greedy_text.begin(), greedy_text.begin() + 8),
                            Tokens(greedy_text.begin() + 8, greedy_text.begin() + 12)};
  EXPECT_TRUE(score_continuations(*model, std::vector{own}, 1, context)[0].is_greedy);
  Continuation other = own;
  other.tokens[3] = (other.tokens[3] + 1) % 32;
  EXPECT_FALSE(score_continuations(*model, std::vector{other}, 1, context)[0].is_greedy);
  EXPECT_THROW(score_continuations(*model, std::vector{Continuation{{}, {1}}}, 1, context),
               UsageError);
}

}  // namespace
}  // namespace ordo::lm
