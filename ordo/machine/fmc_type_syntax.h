// Types as they are written: in annotations `<f : Int => Int>` and in declarations
// `data List a = Nil | Cons a (List a).`
//
//   type    := Name atom* | atom | memory '=>' exits
//   atom    := 'Int' | 'Str' | variable | Name | '(' type ')'
//   memory  := [stack (';' stack)*]            stack := [loc ':'] ['..' name] atom*
//   exits   := memory | jump ':' memory ('|' jump ':' memory)*
//
// An arrow takes its values from the tops of the stacks and leaves alone what lies below them; the
// frame `..s` may be written, and must then be the same everywhere on its stack.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ordo/machine/fmc_term.h"

namespace ordo::machine::fmc {

struct TypeSyntax;
class TokenStream;

struct StackSyntax {
  Symbol location;
  std::vector<TypeSyntax> items;  ///< bottom first
};
using MemorySyntax = std::vector<StackSyntax>;

struct ExitSyntax {
  Symbol jump;
  MemorySyntax memory;
};

struct TypeSyntax {
  enum class Kind { variable, integer, string, data, arrow } kind;
  Symbol name = 0;                    ///< of a variable or a data type
  std::vector<TypeSyntax> arguments;  ///< data
  MemorySyntax before;                ///< arrow
  std::vector<ExitSyntax> exits;      ///< arrow
  Span span;
};

/// Types nest at most this deep; deeper ones are reported.
inline constexpr int kMaxTypeDepth = 200;

/// A type, as in an annotation. Reports and throws ParseFailed.
TypeSyntax parse_type(TokenStream& tokens);
/// One argument of a constructor.
TypeSyntax parse_type_atom(TokenStream& tokens);

/// Text that parses back to the type.
std::string to_text(const Terms& terms, const TypeSyntax& type);

}  // namespace ordo::machine::fmc
