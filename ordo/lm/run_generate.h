// `ordo lm generate` and `ordo lm chat`: texts that go on from a prompt, and answers.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ordo/lm/generate.h"
#include "ordo/lm/text_model.h"

namespace ordo::lm {

/// How texts are written, whatever their prompt.
struct WritingOptions {
  std::int64_t max_tokens = 128;
  SamplingOptions sampling;
  std::int64_t beams = 1;           ///< above 1: beam search instead of sampling
  double length_penalty = 1;        ///< of beam search
  std::vector<std::string> stop;    ///< a text ends before any of these
  std::string overflow = "refuse";  ///< refuse, slide
  void describe(OptionSet& set);
};

struct GenerateTextOptions {
  ModelChoice model;
  WritingOptions writing;
  std::vector<std::string> prompts;
  std::filesystem::path file;  ///< of prompts: JSONL with "prompt", or a prompt a line
  std::int64_t count = 1;      ///< texts for each prompt
  std::int64_t batch = 16;     ///< texts that grow at once
  void describe(OptionSet& set);
};

struct WrittenText {
  std::string prompt, text;
  std::int64_t tokens = 0;
  std::string end;  ///< "token", "limit" or "stop"
  double log_probability = 0;
};
struct GenerateTextResult {
  std::vector<WrittenText> texts;
  std::int64_t tokens = 0;
  double seconds = 0;  ///< of reading prompts and writing texts
};
Json to_json(const GenerateTextResult& result);
std::string to_text(const GenerateTextResult& result);

/// Text number i of a prompt comes from seed + i.
GenerateTextResult generate_texts(const GenerateTextOptions& options, Context& context);

struct ChatOptions {
  ModelChoice model;
  WritingOptions writing;
  std::vector<std::string> say;        ///< what the user says, one message after another
  std::string system;                  ///< instructions before all else
  std::filesystem::path conversation;  ///< JSON array of messages to go on from
  std::string family = "auto";         ///< chat template: the model's own, or a known family's
  void describe(OptionSet& set);
};

struct ChatResult {
  Json::Array messages;  ///< the conversation, with the answers
  std::int64_t first_new = 0;
};
Json to_json(const ChatResult& result);
std::string to_text(const ChatResult& result);

/// Answers each thing said in turn.
ChatResult chat(const ChatOptions& options, Context& context);

}  // namespace ordo::lm
