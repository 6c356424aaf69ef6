package io.breakwater.peers.gateway;

import java.util.HashMap;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/**
 * Spring Cloud Gateway on WebFlux before replicas that are written down beforehand. Arguments: port, event loops, and the
 * replicas' URLs with commas between them. What does not depend on these stands in {@code application.yaml}.
 */
@SpringBootApplication
public class Gateway {

    public static void main(String[] arguments) {
        // Reactor Netty reads it once, before its first event loop. Server and client share the loops, which is its default: a
        // request stays on the thread that it came in on.
        System.setProperty("reactor.netty.ioWorkerCount", arguments[1]);
        Map<String, Object> properties = new HashMap<>();
        properties.put("server.port", arguments[0]);
        String[] backends = arguments[2].split(",");
        for (int i = 0; i < backends.length; i++) {
            properties.put("spring.cloud.discovery.client.simple.instances.replicas[" + i + "].uri", backends[i]);
        }
        SpringApplication application = new SpringApplication(Gateway.class);
        application.setDefaultProperties(properties);
        application.run();
    }
}
