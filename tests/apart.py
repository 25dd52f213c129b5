"""Assignment 1 solved by other ways than the reference: what stands in place of each stub, in order."""

APART = {
    "affine_forward": [
        """
num = x.shape[0]
flat = np.reshape(x, (num, np.prod(x.shape[1:])))
out = np.dot(flat, w)
for column in range(b.size):
    out[:, column] += b[column]
cache = {"x": x, "w": w, "flat": flat}
"""
    ],
    "affine_backward": [
        """
flat, weights = cache["flat"], cache["w"]
dw = np.einsum("nd,nm->dm", flat, dout)
db = np.ones(len(dout)) @ dout
dx = np.einsum("nm,dm->nd", dout, weights).reshape(cache["x"].shape)
"""
    ],
    "relu_forward": ["\nout = x.copy()\nout[out < 0] = 0\ncache = out\n"],
    "relu_backward": ["\ndx = np.where(cache > 0, dout, 0.0)\n"],
    "svm_loss": [
        """
loss, dx = 0.0, np.zeros_like(x)
for i, label in enumerate(y):
    for j in range(x.shape[1]):
        if j != label and x[i, j] - x[i, label] + 1 > 0:
            loss += (x[i, j] - x[i, label] + 1) / len(y)
            dx[i, j] += 1 / len(y)
            dx[i, label] -= 1 / len(y)
"""
    ],
    "softmax_loss": [
        """
biggest = np.amax(x, 1).reshape(-1, 1)
exps = np.exp(x - biggest)
totals = np.sum(exps, 1)
p = exps / totals[:, None]
one_hot = np.zeros_like(p)
one_hot[range(len(y)), y] = 1
loss = np.mean(np.log(totals) - np.sum((x - biggest) * one_hot, 1))
dx = (p - one_hot) / x.shape[0]
"""
    ],
    "TwoLayerNet.__init__": [
        """
sizes = [input_dim, hidden_dim, num_classes]
for layer in (1, 2):
    rows, columns = sizes[layer - 1 : layer + 1]
    self.params.update({f"W{layer}": np.random.randn(rows, columns) * weight_scale})
    self.params.update({f"b{layer}": np.zeros((columns,))})
"""
    ],
    "TwoLayerNet.loss": [
        """
p = self.params
a, first = layers.affine_forward(X, p["W1"], p["b1"])
r, middle = layers.relu_forward(a)
scores, last = layers.affine_forward(r, p["W2"], p["b2"])
""",
        """
penalty = np.square(p["W1"]).sum() + np.square(p["W2"]).sum()
data_term, upstream = layers.softmax_loss(scores, y)
loss = data_term + self.reg / 2 * penalty
upstream, dW2, grads["b2"] = layers.affine_backward(upstream, last)
upstream = layers.relu_backward(upstream, middle)
_, dW1, grads["b1"] = layers.affine_backward(upstream, first)
grads.update(W1=dW1 + self.reg * p["W1"], W2=dW2 + self.reg * p["W2"])
""",
    ],
    "sgd": ['\nnext_w = w - config["learning_rate"] * dw\n'],
    "Solver._step": [
        """
count = len(self.y_train)
chosen = np.random.choice(count, self.batch_size)
images, labels = self.X_train[chosen], self.y_train[chosen]
value, slopes = self.model.loss(images, labels)
self.loss_history += [value]
for key in self.model.params:
    moved = self.update_rule(self.model.params[key], slopes[key], self.optim_configs[key])
    self.model.params[key], self.optim_configs[key] = moved
"""
    ],
    "Solver.check_accuracy": [
        """
if num_samples and len(X) > num_samples:
    keep = np.random.choice(len(X), num_samples)
    X = X[keep]
    y = y[keep]
right, begin = 0, 0
while begin < len(X):
    scores = self.model.loss(X[begin : begin + batch_size])
    right += np.count_nonzero(scores.argmax(1) == y[begin : begin + batch_size])
    begin += batch_size
accuracy = right / len(X)
"""
    ],
}
