SELECT a.name AS airline,
       CASE WHEN w.wind_speed >= 20 THEN 'strong wind' ELSE 'light wind' END AS wind,
       count(*) AS flights,
       round(avg(f.dep_delay), 2) AS mean_departure_delay
FROM nycflights13.flights f
JOIN nycflights13.airlines a ON a.carrier = f.carrier
JOIN nycflights13.weather w ON w.origin = f.origin AND w.time_hour = f.time_hour
GROUP BY 1, 2
ORDER BY airline, wind
