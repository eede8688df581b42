"""Frames that tests speak about."""

CLASSIFIER = """\
name: classifier
h[t] = tanh(W x[t] + U h[t-1] + b)
y = softmax(W_y h[T] + b_y)
"""
TRANSLATOR = """\
name: translator
loss: ce
--- encoder
h[t] = tanh(W x[t] + U h[t-1] + b)
--- decoder
s[0] = tanh(W_0 encoder.h[T] + b_0)
s[t] = tanh(V v[t] + Q s[t-1] + d)
y[t] = softmax(W_y s[t] + b_y)
"""
WITH_CONTEXT = """\
name: context
--- encoder
h[t] = tanh(W x[t] + U h[t-1])
--- decoder
s[t] = tanh(V v[t] + Q s[t-1] + C encoder.h[T])
y[t] = W_y s[t]
"""
CAPTION = """\
name: caption
h[0] = tanh(W_0 x + b_0)
h[t] = tanh(U h[t-1] + b)
y[t] = W_y h[t] + b_y
"""
LSTM_TRANSLATOR = """\
name: lstm_translator
--- reader
f[t] = sigmoid(W_f x[t] + U_f h[t-1] + b_f)
c[t] = f[t] * c[t-1] + tanh(W_c x[t] + U_c h[t-1])
h[t] = tanh(c[t])
--- writer
m[0] = reader.c[T]
s[0] = reader.h[T]
q[t] = sigmoid(V_q v[t] + Q_q s[t-1])
m[t] = q[t] * m[t-1] + tanh(V_m v[t] + Q_m s[t-1])
s[t] = tanh(m[t])
y[t] = W_y s[t]
"""
ALL = {
    "classifier": CLASSIFIER,
    "translator": TRANSLATOR,
    "context": WITH_CONTEXT,
    "caption": CAPTION,
    "lstm_translator": LSTM_TRANSLATOR,
}
