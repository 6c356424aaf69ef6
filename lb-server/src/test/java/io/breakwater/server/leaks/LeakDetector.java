package io.breakwater.server.leaks;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakHint;
import io.netty.util.ResourceLeakTracker;

/** Netty's detector of one kind of resource, which also tells {@link Leaks}, and notes which test made a resource. */
final class LeakDetector<T> extends ResourceLeakDetector<T> {
    private final Leaks leaks;

    LeakDetector(Class<?> type, int samplingInterval, Leaks leaks) {
        super(type, samplingInterval);
        this.leaks = leaks;
    }

    @Override
    public ResourceLeakTracker<T> track(T resource) {
        leaks.tracked();
        return super.track(resource);
    }

    @Override
    public ResourceLeakTracker<T> trackForcibly(T resource) {
        leaks.tracked();
        return super.trackForcibly(resource);
    }

    @Override
    protected Object getInitialHint(String resourceType) {
        String test = leaks.test();
        return (ResourceLeakHint) () -> "made during " + test;
    }

    @Override
    protected void reportTracedLeak(String resourceType, String records) {
        super.reportTracedLeak(resourceType, records);
        leaks.add(resourceType + " was not released." + records);
    }

    @Override
    protected void reportUntracedLeak(String resourceType) {
        super.reportUntracedLeak(resourceType);
        leaks.add(resourceType + " was not released; nothing is known of it");
    }
}
