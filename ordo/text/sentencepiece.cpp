// SentencePiece's model: a protocol buffer.
//
//   ModelProto        1 pieces (repeated), 2 trainer_spec, 3 normalizer_spec
//   SentencePiece     1 piece, 2 score (float), 3 type
//   TrainerSpec       3 model_type, 24 whitespace as suffix, 35 byte_fallback, 40 unk_id, 41
//   bos_id,
//                     42 eos_id, 43 pad_id
//   NormalizerSpec    2 precompiled_charsmap, 3 add_dummy_prefix, 4 remove_extra_whitespaces
#include <bit>

#include <fmt/format.h>

#include "ordo/base/bytes.h"
#include "ordo/base/error.h"
#include "ordo/text/piece_list.h"

namespace ordo::text {
namespace {

// One field of a message: a number, or the bytes of a string or an inner message.
struct Field {
  std::uint64_t number = 0;
  std::uint64_t value = 0;
  std::string_view bytes;
};

class Message {
 public:
  Message(std::string_view bytes, const std::string& source) : bytes_(bytes), source_(source) {}

  std::optional<Field> next() {
    if (at_ == bytes_.size()) return std::nullopt;
    const std::uint64_t tag = varint();
    Field field{.number = tag >> 3};
    switch (tag & 7) {
      case 0:
        field.value = varint();
        return field;
      case 1:
        field.value = load_little<std::uint64_t>(take(8), 0);
        return field;
      case 2:
        field.bytes = take(varint());
        return field;
      case 5:
        field.value = load_little<std::uint32_t>(take(4), 0);
        return field;
      default:
        fail(fmt::format("a field of the unknown wire type {}", tag & 7));
    }
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw InputError({.source = source_}, "is no SentencePiece model: " + what);
  }

 private:
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    fail("a number of more than 64 bits");
  }

  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size() - at_) fail("it is truncated or damaged");
    const std::string_view taken = bytes_.substr(at_, count);
    at_ += count;
    return taken;
  }

  std::string_view bytes_;
  const std::string& source_;
  std::size_t at_ = 0;
};

struct Trainer {
  std::uint64_t model_type = 1;
  std::int64_t unk = 0, bos = 1, eos = 2, pad = -1;
};

constexpr std::size_t kMostPieces = std::size_t{1} << 26;

void read_piece(std::string_view bytes, const std::string& source, PieceList& list) {
  if (list.pieces.size() == kMostPieces)
    throw InputError({.source = source}, "has too many pieces");
  Message message(bytes, source);
  std::string piece;
  float score = 0;
  std::uint64_t type = 1;
  while (const auto field = message.next()) {
    if (field->number == 1) piece = field->bytes;
    if (field->number == 2) score = std::bit_cast<float>(static_cast<std::uint32_t>(field->value));
    if (field->number == 3) type = field->value;
  }
  if (type < 1 || type > 6) message.fail(fmt::format("a piece of the unknown type {}", type));
  list.pieces.push_back(std::move(piece));
  list.scores.push_back(score);
  list.types.push_back(static_cast<PieceType>(type));
}

Trainer read_trainer(std::string_view bytes, const std::string& source, PieceList& list) {
  Trainer trainer;
  Message message(bytes, source);
  while (const auto field = message.next()) {
    const auto id = static_cast<std::int64_t>(field->value);
    switch (field->number) {
      case 3:
        trainer.model_type = field->value;
        break;
      case 24:
        if (field->value != 0) {
          throw InputError(
              {.source = source},
              "white space at the end of pieces (treat_whitespace_as_suffix) is not supported");
        }
        break;
      case 35:
        list.byte_fallback = field->value != 0;
        break;
      case 40:
        trainer.unk = id;
        break;
      case 41:
        trainer.bos = id;
        break;
      case 42:
        trainer.eos = id;
        break;
      case 43:
        trainer.pad = id;
        break;
      default:
        break;
    }
  }
  return trainer;
}

void read_normalizer(std::string_view bytes, const std::string& source, PieceList& list) {
  Message message(bytes, source);
  while (const auto field = message.next()) {
    if (field->number == 2) list.charsmap = field->bytes;
    if (field->number == 3) list.add_dummy_prefix = field->value != 0;
    if (field->number == 4) list.remove_extra_whitespaces = field->value != 0;
  }
}

}  // namespace

TokenizerSpec parse_sentencepiece(std::string_view bytes, const std::string& source) {
  PieceList list;
  Trainer trainer;
  Message message(bytes, source);
  while (const auto field = message.next()) {
    if (field->number == 1) read_piece(field->bytes, source, list);
    if (field->number == 2) trainer = read_trainer(field->bytes, source, list);
    if (field->number == 3) read_normalizer(field->bytes, source, list);
  }
  if (list.pieces.empty()) message.fail("it has no pieces");
  if (trainer.model_type != 1 && trainer.model_type != 2) {
    throw InputError({.source = source},
                     fmt::format("holds a model of type {}; Unigram (1) and BPE (2) can be read",
                                 trainer.model_type));
  }
  list.is_bpe = trainer.model_type == 2;
  const auto count = static_cast<std::int64_t>(list.pieces.size());
  TokenizerSpec spec = spec_of_pieces(std::move(list), source);
  const auto role = [&](std::int64_t id) -> std::optional<TokenId> {
    if (id < 0 || id >= count) return std::nullopt;
    return id;
  };
  spec.roles.bos = role(trainer.bos);
  spec.roles.eos = role(trainer.eos);
  spec.roles.pad = role(trainer.pad);
  return spec;
}

}  // namespace ordo::text
