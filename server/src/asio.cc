// asio is compiled here, once; everybody else sees its declarations (ASIO_SEPARATE_COMPILATION).
#include <asio/impl/src.hpp>
