package io.breakwater.health.check;

import io.breakwater.time.Ticker;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A probe that tells what a test lets it tell, and says when it was started. NOT thread safe. */
final class FakeProbe implements Probe {
    final List<Long> startedNanos = new ArrayList<>();
    final List<Long> deadlines = new ArrayList<>();
    int underWay;
    int mostUnderWay;
    int cancelled;

    private final Ticker ticker;
    private final Object question;
    private @Nullable ProbeResult answerAtOnce;
    private @Nullable Callback callback;

    FakeProbe(Ticker ticker) {
        this(ticker, new Object());
    }

    /**
     * @param question two probes with equal questions are equal
     */
    FakeProbe(Ticker ticker, Object question) {
        this.ticker = ticker;
        this.question = question;
    }

    /** Every check from now on ends before its start returns; null: it waits for {@link #answer}. */
    void answersAtOnce(@Nullable ProbeResult result) {
        answerAtOnce = result;
    }

    @Override
    public Attempt start(long deadlineNanos, Callback told) {
        startedNanos.add(ticker.read());
        deadlines.add(deadlineNanos);
        underWay++;
        mostUnderWay = Math.max(mostUnderWay, underWay);
        callback = told;
        if (answerAtOnce != null) {
            answer(answerAtOnce);
        }
        return new Attempt() {
            private boolean over;

            @Override
            public String awaits() {
                return "response";
            }

            @Override
            public void cancel() {
                if (!over && callback == told) {
                    over = true;
                    cancelled++;
                    underWay--;
                }
            }
        };
    }

    int checks() {
        return startedNanos.size();
    }

    void answer(ProbeResult result) {
        underWay--;
        callback().onResult(result);
    }

    void localError(String detail) {
        underWay--;
        callback().onLocalError(detail);
    }

    Callback callback() {
        if (callback == null) {
            throw new AssertionError("no check has begun");
        }
        return callback;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof FakeProbe that && question.equals(that.question);
    }

    @Override
    public int hashCode() {
        return question.hashCode();
    }
}
