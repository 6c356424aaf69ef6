package io.breakwater.server.balance;

/** In which order the candidates of a pool are asked. Safe from any thread; allocates nothing. */
public interface Balancer {

    /** What {@link #choose} returns when every candidate refused. */
    int NONE = -1;

    /**
     * Asks candidates until one admits the request; each is asked, before all have refused.
     *
     * @param count how many candidates there are; they are numbered from 0
     * @return the one that admitted, or {@link #NONE}
     */
    int choose(int count, Admission admission);
}
