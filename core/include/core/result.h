#pragma once

#include <string>
#include <utility>
#include <variant>

#include "core/check.h"

namespace kv {

/// What went wrong, where (file and offset, field, node) and what to do next: sentences for a
/// person.
struct Error {
  std::string message{};
};

/// A value or an Error, with the member names of std::expected (absent from C++20).
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : content_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return std::holds_alternative<T>(content_); }
  explicit operator bool() const { return has_value(); }
  T& value() { return get(); }
  const T& value() const { return const_cast<Result*>(this)->get(); }
  T& operator*() { return get(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &get(); }
  const T* operator->() const { return &value(); }
  const Error& error() const {
    CHECK(!has_value());
    return *std::get_if<Error>(&content_);
  }

 private:
  T& get() {
    CHECK(has_value());
    return *std::get_if<T>(&content_);
  }
  std::variant<T, Error> content_;
};

/// The result of an operation that has nothing to give but success.
using Outcome = Result<std::monostate>;
inline Outcome success() {
  return std::monostate{};
}

}  // namespace kv
